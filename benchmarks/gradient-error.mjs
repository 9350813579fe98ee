/**
 * Gradients of a trained network on each device against float64, as a section of docs/performance.md: how much of a
 * difference between learning curves arithmetic can explain. Minutes: float64 is computed in plain JavaScript.
 *
 *     node benchmarks/gradient-error.mjs checkpoint.safetensors [--devices onednn,wasm,tfjs-node] [--images 16] [--dry]
 */
import { parseArgs } from 'node:util';
import { readModelFile } from '@refold/formats';
import { parametersOf, withLoss } from '@refold/graph';
import { fakeDevice } from '@refold/testing';
import { openDevice, openPlugins, randomBatch } from './open-network.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    devices: { type: 'string', default: 'onednn,wasm,tfjs-node' },
    images: { type: 'string', default: '16' },
    dry: { type: 'boolean', default: false },
  },
});
const images = Number(flags.images);
const file = await readModelFile(positionals[0]);
const [, height] = file.graph.nodes.find(({ op }) => op === 'input').attrs.shape;
const batch = smoothBatch(images, height);
const { optimizer } = await openPlugins('repvgg_a0');
const truth = await gradientsOn(fakeDevice());
const rows = [];
for (const name of flags.devices.split(',')) {
  const own = await gradientsOn(await openDevice(name));
  const errors = [...truth.gradients].map(([key, expected]) =>
    error(own.gradients.get(key), expected),
  );
  errors.sort((a, b) => a - b);
  const all = (gradients) => [...truth.gradients.keys()].flatMap((key) => [...gradients.get(key)]);
  const cells = [
    ...[name, Math.abs(own.loss / truth.loss - 1), error(all(own.gradients), all(truth.gradients))],
    ...[errors[errors.length >> 1], errors.at(-1)],
  ];
  rows.push(
    `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toExponential(1) : cell)).join(' | ')} |`,
  );
}
const { epoch, step } = file.position;
const text = [
  `${file.model} after ${step} updates (${epoch} epochs), ${height} px, ${images} images; relative, 2-norm. Rectifiers whose input is nearly zero make most of it: they take the other side.`,
  [
    '| device | loss | all gradients | median tensor | worst tensor |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n'),
].join('\n\n');
process.stdout.write(`${text}\n`);
if (!flags.dry) {
  await writeBetweenMarkers('gradient-error', text, {
    title: 'Gradients against float64',
    intro: '`node benchmarks/gradient-error.mjs CHECKPOINT`: a network on its way, not a fixture.',
    after: ['learning-curve-onednn', 'throughput'],
  });
}

async function gradientsOn(device) {
  const { graph } = file;
  const weights = new Map([...file.weights].filter(([name]) => !name.startsWith('optimizer.')));
  const updateRule = optimizer.rule(parametersOf(graph));
  const use = {
    kind: 'training',
    batchSize: images,
    precision: 'float32',
    updateRule,
    weights,
    seed: 1,
  };
  const session = await device.load(
    withLoss(graph, { labelSmoothing: 0.1, targets: 'index' }),
    use,
  );
  const { loss } = await session.backward(batch);
  const gradients = new Map();
  for (const bucket of session.gradients) {
    const values = await bucket.read();
    for (const { name, offset, length } of bucket.parameters)
      gradients.set(name, values.slice(offset, offset + length));
  }
  await device.close();
  return { loss, gradients };
}

function error(values, expected) {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (values[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** Waves with some noise: more like photographs than noise alone. */
function smoothBatch(count, side) {
  const noise = randomBatch(count, side);
  noise.data.forEach((byte, i) => {
    noise.data[i] = 128 + 100 * Math.sin(i / 3000 + (i % 3)) + (byte - 128) / 8;
  });
  noise.labels.forEach((_, i) => (noise.labels[i] = i % 10));
  return noise;
}
