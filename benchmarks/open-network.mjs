import {
  Device,
  Model,
  Optimizer,
  collectProviders,
  loadPlugins,
  optionsForSchema,
} from '@refold/core';
import { initialise, parametersOf, withLoss } from '@refold/graph';
import { planQuantisation, quantise } from '@refold/quantise';
import { fuse } from '@refold/reparam';

const from = [import.meta.dirname];

/** A device by its name; only the plugin that has it is loaded. */
export async function openDevice(name) {
  return make(name === 'onednn' ? 'device-onednn' : 'device-tfjs', Device, name, {});
}

/** The functions that {@link loadNetwork} needs of the plugins, so that importing them is not part of loading. */
export async function openPlugins(model) {
  const family = ['mobileone', 'resnet'].find((name) => model.includes(name)) ?? 'repvgg';
  const plugin = `model-${family}`;
  const described = await make(plugin, Model, model, {});
  const options = { momentum: 0.9, weightDecay: 1e-4 };
  return { model: described, optimizer: await make('optimizers', Optimizer, 'momentum', options) };
}

/**
 * Builds a network with fresh weights and loads it.
 *
 * @param plugins of {@link openPlugins}
 * @param job `{ kind, batchSize, resolution, precision }`
 * @returns the session, a function that computes one step on a batch, and when loading onto the device began
 */
export async function loadNetwork(device, plugins, job) {
  const { kind, batchSize, resolution, precision } = job;
  const sample = { channels: 3, height: resolution, width: resolution };
  const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const graph = plugins.model.build({ numClasses: 1000, sample, normalization });
  const weights = initialise(graph, 1);
  if (kind === 'training') {
    const updateRule = plugins.optimizer.rule(parametersOf(graph));
    const use = { kind, batchSize, precision, updateRule, weights, seed: 1 };
    const lossGraph = withLoss(graph, { labelSmoothing: 0.1, targets: 'index' });
    const loading = performance.now();
    const session = await device.load(lossGraph, use);
    const step = async (batch) => {
      await session.backward(batch);
      await session.update(0.05);
    };
    return { session, step, loading };
  }
  const form = kind === 'fused' ? fuse(graph, weights) : { graph, weights };
  const quantisation = precision === 'int8' && { quantisation: standIn(form) };
  const use = { kind: 'inference', batchSize, precision, weights: form.weights, ...quantisation };
  const loading = performance.now();
  const session = await device.load(form.graph, use);
  return { session, step: (batch) => session.infer(batch), loading };
}

/** Eight bits with ranges that nobody measured: speed does not depend on them. */
function standIn({ graph, weights }) {
  const ranges = planQuantisation(graph).values.map((name) => [name, { min: -1, max: 1 }]);
  return quantise(graph, weights, Object.fromEntries(ranges));
}

/** Bytes of noise with labels, the same every time. */
export function randomBatch(images, side) {
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

async function make(plugin, point, use, options) {
  const declared = collectProviders(await loadPlugins([plugin], { from }), optionsForSchema);
  const found = declared.find((one) => one.point === point && one.provider.use?.includes(use));
  if (!found) throw new Error(`${plugin} provides no ${point.name} called ${use}.`);
  const host = { emit: () => undefined, baseDir: process.cwd(), seed: 1 };
  return found.provider.create({
    use,
    options: found.provider.options?.parse(options) ?? {},
    host,
  });
}
