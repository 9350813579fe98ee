/**
 * How the time of a training step grows: per image with the batch, per megapixel with the resolution.
 *
 *     node benchmarks/scaling.mjs [--device onednn] [--model repvgg_a0] [--precision float32] [--steps 5] [--rounds 2]
 *                                 [--batches 8,16,32,64,128] [--resolutions 96,128,160,192,224,256] [--write]
 *
 * The points take turns, each reading in a process of its own; the least time counts. `--write` puts it into
 * docs/performance.md.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runOurs } from './run-job.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'onednn' },
    model: { type: 'string', default: 'repvgg_a0' },
    precision: { type: 'string', default: 'float32' },
    steps: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '2' },
    batches: { type: 'string', default: '8,16,32,64,128' },
    resolutions: { type: 'string', default: '96,128,160,192,224,256' },
    write: { type: 'boolean', default: false },
  },
});
const { device, model, precision } = flags;
const steps = Number(flags.steps);
const numbers = (list) => list.split(',').map(Number);
const byBatch = numbers(flags.batches).map((batchSize) => ({ batchSize, resolution: 224 }));
const byResolution = numbers(flags.resolutions).map((resolution) => ({
  batchSize: 32,
  resolution,
}));
const least = new Map();
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const point of [...byBatch, ...byResolution]) {
    process.stderr.write(`round ${round + 1}: batch ${point.batchSize}, ${point.resolution} px\n`);
    const job = { device, model, kind: 'training', precision, steps, ...point };
    const { msPerStep, peakMemoryBytes } = runOurs(job);
    const known = least.get(keyOf(point));
    const ms = Math.min(known?.ms ?? Infinity, ...msPerStep);
    least.set(keyOf(point), { ms, memory: Math.max(known?.memory ?? 0, peakMemoryBytes) });
  }
}

const text = [
  `${model}, training in ${precision} on ${device}, ${cpus().length} cores (${cpus()[0].model.trim()}), least of ${Number(flags.rounds) * steps} steps.`,
  '',
  '| batch at 224 px | ms per step | ms per image | peak MiB |',
  '| --- | --- | --- | --- |',
  ...byBatch.map((point) => {
    const { ms, memory } = least.get(keyOf(point));
    return `| ${point.batchSize} | ${ms.toFixed(0)} | ${(ms / point.batchSize).toFixed(2)} | ${mebibytes(memory)} |`;
  }),
  '',
  '| px at batch 32 | ms per step | ms per megapixel | peak MiB |',
  '| --- | --- | --- | --- |',
  ...byResolution.map((point) => {
    const { ms, memory } = least.get(keyOf(point));
    const megapixels = (point.batchSize * point.resolution ** 2) / 1e6;
    return `| ${point.resolution} | ${ms.toFixed(0)} | ${(ms / megapixels).toFixed(1)} | ${mebibytes(memory)} |`;
  }),
].join('\n');
process.stdout.write(`${text}\n`);
if (flags.write) {
  await writeBetweenMarkers('scaling', text, {
    title: 'Scaling',
    intro:
      '`node benchmarks/scaling.mjs`: the time per image should not depend on the batch, nor that per pixel on the resolution.',
    after: ['throughput'],
  });
}

function keyOf({ batchSize, resolution }) {
  return `${batchSize} ${resolution}`;
}

function mebibytes(bytes) {
  return (bytes / 2 ** 20).toFixed(0);
}
