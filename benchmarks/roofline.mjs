/**
 * What a step could take at best on this machine, by its arithmetic and by its traffic, and the share reached.
 *
 *     node benchmarks/roofline.mjs [--device onednn] [--models repvgg_a0] [--works training,training-bf16,fused,fused-bf16]
 *                                  [--steps 5] [--rounds 2] [--write]
 *
 * The machine's peaks come from peak.cpp, compiled here and now (CXX names the compiler, default g++), with oneDNN's
 * product of matrices where oneDNN is installed; shares are of the processor's peak, not of that product. Operations and
 * bytes are those that the device planned (`session.compiled`), so Winograd counts what it really computes.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { deviceInfo, runOurs } from './run-job.mjs';
import { runProgram } from './run-program.mjs';
import { chosenWorks, works } from './works.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'onednn' },
    models: { type: 'string', default: 'repvgg_a0' },
    works: { type: 'string', default: 'training,training-bf16,fused,fused-bf16' },
    steps: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '2' },
    resolution: { type: 'string', default: '224' },
    write: { type: 'boolean', default: false },
  },
});
const { device } = flags;
const info = deviceInfo(device);
if (!info) process.exit(1);
const peakFlags = ['-O3', '-fopenmp'];
const peaks = runProgram('peak.cpp', [...peakFlags, '-DWITH_ONEDNN', '-ldnnl'], peakFlags);
const rows = [];
for (const model of flags.models.split(',')) {
  for (const work of chosenWorks(flags.works)) {
    if (info.precisions.includes(works[work].precision)) rows.push(measure(model, work));
  }
}

const header =
  'model, work | ms per step | GFLOP | GB | GFLOP/s | GB/s | share of peak | share of bandwidth | roofline ms | share reached';
const orNone = (flops) => (flops === null ? 'none' : `${giga(flops)} GFLOP/s`);
const { threads, fp32Flops, bf16Flops, sgemmFlops, readBytes, copyBytes } = peaks;
const text = [
  `${threads} threads on ${cpus()[0].model.trim()}: float32 ${giga(fp32Flops)} GFLOP/s (multiply-adds in registers), oneDNN's sgemm ${orNone(sgemmFlops)}, bfloat16 dot products or tiles ${orNone(bf16Flops)}; memory read at ${giga(readBytes)} GB/s, copied at ${giga(copyBytes)} GB/s (bytes read and written). ${info.library}, least of ${Number(flags.rounds) * Number(flags.steps)} steps.`,
  '',
  `| ${header} |`,
  `| ${header.replace(/[^|]+/g, ' --- ').trim()} |`,
  ...rows,
].join('\n');
process.stdout.write(`${text}\n`);
if (flags.write) {
  const cpu = cpus()[0].model.trim();
  await writeBetweenMarkers(`roofline ${cpu}`, text, {
    title: `Roofline, ${cpu}`,
    intro:
      '`node benchmarks/roofline.mjs`: no step can be faster than its arithmetic at the peak, nor than its bytes at the bandwidth of copying. The roofline is the larger of both; bytes that a cache serves can bring a step under it.',
    after: ['roofline AMD EPYC', 'scaling', 'throughput'],
  });
}

/** One row: least time over rounds, each in a process of its own, against what the device planned. */
function measure(model, work) {
  const { kind, precision, batchSize } = works[work];
  const [steps, resolution] = [Number(flags.steps), Number(flags.resolution)];
  const job = { device, model, kind, precision, batchSize, resolution, steps };
  const readings = Array.from({ length: Number(flags.rounds) }, () => runOurs(job));
  const ms = Math.min(...readings.flatMap(({ msPerStep }) => msPerStep));
  const { flops, bytes } = readings[0].compiled;
  if (flops === undefined) throw new Error(`${device} does not say what it compiled.`);
  const peak = (precision === 'bfloat16' && peaks.bf16Flops) || peaks.fp32Flops;
  const [perSecond, traffic] = [(1000 * flops) / ms, (1000 * bytes) / ms];
  const bound = 1000 * Math.max(flops / peak, bytes / peaks.copyBytes);
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  const cells = [
    ...[`${model}, ${work}`, ms.toFixed(0), (flops / 1e9).toFixed(1), (bytes / 1e9).toFixed(2)],
    ...[giga(perSecond), (traffic / 1e9).toFixed(1)],
    ...[percent(perSecond / peak), percent(traffic / peaks.copyBytes)],
    ...[bound.toFixed(0), percent(bound / ms)],
  ];
  return `| ${cells.join(' | ')} |`;
}

function giga(n) {
  return (n / 1e9).toFixed(0);
}
