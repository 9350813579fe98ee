/**
 * Measures one network on one device, in a process of its own. Prints one line of JSON.
 *
 *     node benchmarks/run-ours.mjs '{"device":"tfjs-node","model":"repvgg_a0","work":"training","batchSize":32,"resolution":224,"steps":4}'
 *
 * `work`: `training`, `train-form` (multi-branch inference) or `fused` inference. The first step is not counted.
 */
import { Device, collectProviders, loadPlugins, optionsForSchema } from '@refold/core';
import { initialise, parametersOf, withLoss } from '@refold/graph';
import { fuse } from '@refold/reparam';

const job = JSON.parse(process.argv[2]);
const from = [import.meta.dirname];
const plugins = await loadPlugins(
  ['device-tfjs', 'model-repvgg', 'model-mobileone', 'optimizers'],
  { from },
);
const declared = collectProviders(plugins, optionsForSchema);
const make = async (section, use, options) => {
  const { provider } = declared.find(
    (one) => one.point.section === section && one.provider.use?.includes(use),
  );
  const parsed = provider.options?.parse(options) ?? {};
  const host = { emit: () => undefined, baseDir: process.cwd(), seed: 1 };
  return provider.create({ use, options: parsed, host });
};

const device = await make(Device.section, job.device, {});
const model = await make('model', job.model, {});
const sample = { channels: 3, height: job.resolution, width: job.resolution };
const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const graph = model.build({ numClasses: 1000, sample, normalization });
const weights = initialise(graph, 1);
const batch = randomBatch(job.batchSize, job.resolution);

const loading = performance.now();
const step = await prepare();
await step();
const firstStepSeconds = (performance.now() - loading) / 1000;
const msPerStep = [];
for (let i = 0; i < job.steps; i++) {
  const started = performance.now();
  await step();
  msPerStep.push(performance.now() - started);
}
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
await device.close();
process.stdout.write(`${JSON.stringify({ msPerStep, firstStepSeconds, peakMemoryBytes })}\n`);

/** @returns a function that computes one step */
async function prepare() {
  const common = { batchSize: job.batchSize, precision: 'float32' };
  if (job.work === 'training') {
    const optimizer = await make('optimizer', 'momentum', { momentum: 0.9, weightDecay: 1e-4 });
    const updateRule = optimizer.rule(parametersOf(graph));
    const use = { kind: 'training', ...common, updateRule, weights, seed: 1 };
    const lossGraph = withLoss(graph, { labelSmoothing: 0.1, targets: 'index' });
    const session = await device.load(lossGraph, use);
    return async () => {
      await session.backward(batch);
      await session.update(0.05);
    };
  }
  const form = job.work === 'fused' ? fuse(graph, weights) : { graph, weights };
  const use = { kind: 'inference', ...common, weights: form.weights };
  const session = await device.load(form.graph, use);
  return () => session.infer(batch);
}

function randomBatch(images, side) {
  const data = new Uint8Array(images * side * side * 3);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  const labels = Int32Array.from({ length: images }, (_, i) => (i * 37) % 1000);
  const samples = Int32Array.from({ length: images }, (_, i) => i);
  return { images, channels: 3, height: side, width: side, layout: 'NHWC', data, labels, samples };
}
