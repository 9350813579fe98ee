/**
 * How the time of a training step grows: per image with the batch, per megapixel with the resolution.
 *
 *     node benchmarks/scaling.mjs [--device onednn] [--model repvgg_a0] [--precision float32] [--steps 5] [--rounds 2]
 *                                 [--batches 8,16,32,64,128] [--resolutions 96,128,160,192,224,256] [--pytorch] [--write]
 *
 * The points take turns, each reading in a process of its own; the least time counts. `--pytorch` has PyTorch take its turn at
 * each batch, too. `--write` puts it into docs/performance.md.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { pytorchVersion, runOurs, runPytorch } from './run-job.mjs';
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
    pytorch: { type: 'boolean', default: false },
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
/** Of PyTorch, by batch. */
const theirs = new Map();
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const point of [...byBatch, ...byResolution]) {
    process.stderr.write(`round ${round + 1}: batch ${point.batchSize}, ${point.resolution} px\n`);
    const job = { device, model, kind: 'training', precision, steps, ...point };
    const { msPerStep, peakMemoryBytes } = runOurs(job);
    const known = least.get(keyOf(point));
    const ms = Math.min(known?.ms ?? Infinity, ...msPerStep);
    least.set(keyOf(point), { ms, memory: Math.max(known?.memory ?? 0, peakMemoryBytes) });
    if (!flags.pytorch || !byBatch.includes(point)) continue;
    // As it comes: its 2.15 with channels last ends at 8 images in a corrupted heap.
    const other = runPytorch({ ...job, threads: cpus().length });
    theirs.set(point, Math.min(theirs.get(point) ?? Infinity, ...other.msPerStep));
  }
}

const text = [
  `${model}, training in ${precision} on ${device}, ${cpus().length} cores (${cpus()[0].model.trim()}), least of ${Number(flags.rounds) * steps} steps.`,
  '',
  `| batch at 224 px | ms per step | ms per image | peak MiB |${flags.pytorch ? ' ms per image, PyTorch |' : ''}`,
  `| --- | --- | --- | --- |${flags.pytorch ? ' --- |' : ''}`,
  ...byBatch.map((point) => {
    const { ms, memory } = least.get(keyOf(point));
    const other = flags.pytorch ? ` ${(theirs.get(point) / point.batchSize).toFixed(2)} |` : '';
    return `| ${point.batchSize} | ${ms.toFixed(0)} | ${(ms / point.batchSize).toFixed(2)} | ${mebibytes(memory)} |${other}`;
  }),
  '',
  '| px at batch 32 | ms per step | ms per megapixel | peak MiB |',
  '| --- | --- | --- | --- |',
  ...byResolution.map((point) => {
    const { ms, memory } = least.get(keyOf(point));
    const megapixels = (point.batchSize * point.resolution ** 2) / 1e6;
    return `| ${point.resolution} | ${ms.toFixed(0)} | ${(ms / megapixels).toFixed(1)} | ${mebibytes(memory)} |`;
  }),
  '',
  [spreadByBatch(), ...(byResolution.length > 2 ? [lineByResolution()] : [])].join(' '),
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

function spreadByBatch() {
  const spreadOf = (ms) => spread(byBatch.map((point) => ms(point) / point.batchSize));
  const ours = spreadOf((point) => least.get(keyOf(point)).ms);
  if (!flags.pytorch) return `Times per image lie within ± ${ours} %.`;
  const other = spreadOf((point) => theirs.get(point));
  return `Times per image lie within ± ${ours} %, those of ${pytorchVersion()} within ± ${other} %.`;
}

/** How far the farthest two are from their middle, in percent of it. */
function spread(values) {
  const [most, fewest] = [Math.max(...values), Math.min(...values)];
  return ((100 * (most - fewest)) / (most + fewest)).toFixed(1);
}

/** The cost of a step as a + b · resolution², by least squares of relative errors. */
function lineByResolution() {
  const points = byResolution.map((point) => ({
    ...{ x: point.resolution ** 2, y: least.get(keyOf(point)).ms, px: point.resolution },
  }));
  const sum = (of) => points.reduce((total, { x, y }) => total + of(x) / y ** 2, 0);
  const sumOfY = (of) => points.reduce((total, { x, y }) => total + of(x) / y, 0);
  const [s0, s1, s2] = [() => 1, (x) => x, (x) => x * x].map(sum);
  const [t0, t1] = [() => 1, (x) => x].map(sumOfY);
  const b = (s0 * t1 - s1 * t0) / (s0 * s2 - s1 * s1);
  const a = (t0 - b * s1) / s0;
  const errors = points.map(({ x, y, px }) => ({ px, error: 100 * (y / (a + b * x) - 1) }));
  const farthest = errors.reduce((one, other) =>
    Math.abs(other.error) > Math.abs(one.error) ? other : one,
  );
  const sign = farthest.error < 0 ? '−' : '+';
  return `Steps of ${byResolution[0].batchSize} images lie on a line over resolution², ${a.toFixed(0)} ms + ${(1000 * b).toFixed(2)} ms for each 1,000 pixels of an image; farthest from it is ${farthest.px} px, by ${sign} ${Math.abs(farthest.error).toFixed(1)} %.`;
}

function keyOf({ batchSize, resolution }) {
  return `${batchSize} ${resolution}`;
}

function mebibytes(bytes) {
  return (bytes / 2 ** 20).toFixed(0);
}
