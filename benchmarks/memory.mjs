/**
 * Resident memory over many training steps of a real network on tiny images: it must be flat.
 *
 *     node benchmarks/memory.mjs [--device onednn] [--model repvgg_a0] [--steps 1000] [--resolution 32] [--batch 4] [--write]
 *
 * Compares the medians of the first and the last tenth. Exits with 1 where the last is over 1 % and 1 MiB more.
 */
import { parseArgs } from 'node:util';
import { loadNetwork, openDevice, openPlugins, randomBatch } from './open-network.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'onednn' },
    model: { type: 'string', default: 'repvgg_a0' },
    precision: { type: 'string', default: 'float32' },
    steps: { type: 'string', default: '1000' },
    resolution: { type: 'string', default: '32' },
    batch: { type: 'string', default: '4' },
    write: { type: 'boolean', default: false },
  },
});
const { model, precision } = flags;
const [steps, resolution, batchSize] = [flags.steps, flags.resolution, flags.batch].map(Number);
const device = await openDevice(flags.device);
const job = { kind: 'training', precision, batchSize, resolution };
const { step } = await loadNetwork(device, await openPlugins(model), job);
const batch = randomBatch(batchSize, resolution);
const resident = [];
for (let done = 0; done < steps; done++) {
  await step(batch);
  resident.push(process.memoryUsage.rss());
}
await device.close();

const tenth = Math.max(1, Math.floor(steps / 10));
const [first, last] = [median(resident.slice(0, tenth)), median(resident.slice(-tenth))];
const growth = last - first;
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);
const text =
  `${model}, training in ${precision} on ${flags.device}, batch ${batchSize} at ${resolution} px, ${steps} steps: ` +
  `resident memory ${mebibytes(first)} MiB over the first ${tenth} steps, ${mebibytes(last)} MiB over the last ` +
  `(medians; ${growth < 0 ? '−' : '+'}${mebibytes(Math.abs(growth))} MiB), ${mebibytes(Math.max(...resident))} MiB at most.`;
process.stdout.write(`${text}\n`);
if (flags.write) {
  await writeBetweenMarkers('memory', text, {
    title: 'Memory over many steps',
    intro: '`node benchmarks/memory.mjs`: what a step takes it gives back.',
    after: ['roofline AMD EPYC', 'scaling', 'throughput'],
  });
}
if (growth > 2 ** 20 && growth > 0.01 * first) process.exitCode = 1;

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
