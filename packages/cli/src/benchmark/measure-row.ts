import {
  composeResolved,
  Device,
  loadPlugins,
  Model,
  Optimizer,
  resolveConfig,
  type LabelledBatch,
  type RunScope,
} from '@refold/core';
import { count, initialise, parametersOf, randomOf, withLoss } from '@refold/graph';
import { fuse } from '@refold/reparam';
import { standInQuantisation } from '../quantise/stand-in-quantisation.js';
import type { BenchmarkJob, BenchmarkRow } from './benchmark-row.js';

/** Preprocessing of the networks measured; the numbers do not matter, that the device normalises does. */
const NORMALIZATION = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const SEED = 1;
const RATE = 0.01;

/**
 * Measures one row in this process, whose peak memory is part of it: so it is to be a process of its own.
 *
 * @throws RefoldError `RF-CONFIG-*`, `RF-PLUGIN-*`, `RF-PLAN-*`, `RF-DEVICE-*`
 */
export async function measureRow(job: BenchmarkJob): Promise<BenchmarkRow> {
  const plugins = await loadPlugins(job.plugins, { from: job.from });
  const config = resolveConfig({ object: job.config, plugins });
  const scope = await composeResolved(config, { baseDir: job.baseDir }).open();
  try {
    const { precision } = config.core.device;
    const device = await scope.get(Device);
    const network = await prepare(scope, job, precision);
    const batch = noise(job);
    const loading = performance.now();
    const step = await network.load(device);
    await step(batch);
    const compileSeconds = (performance.now() - loading) / 1000;
    for (let i = 0; i < job.warmup; i++) await step(batch);
    const times: number[] = [];
    for (let i = 0; i < job.steps; i++) {
      const started = performance.now();
      await step(batch);
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    const msPerStep = times[Math.floor(times.length / 2)] ?? 0;
    const cards = device.group.size;
    const { form, work, batchSize, resolution } = job;
    return {
      ...{ model: network.name, form, work, params: network.parameters, buffers: network.buffers },
      ...{ cards, batchSize, resolution, precision },
      ...{ device: device.info.name, library: device.info.library, threads: device.info.threads },
      ...{ compileSeconds, msPerStep, bestMsPerStep: times[0] ?? 0 },
      imagesPerSecond: (1000 * cards * batchSize) / msPerStep,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    await scope.close();
  }
}

type Step = (batch: LabelledBatch) => Promise<unknown>;

/** Builds the network with fresh weights; `load` puts it on a device and gives what computes a step. */
async function prepare(
  scope: RunScope,
  { work, form, batchSize, resolution, numClasses }: BenchmarkJob,
  precision: BenchmarkRow['precision'],
): Promise<{
  readonly name: string;
  readonly parameters: number;
  readonly buffers: number;
  load(device: Device): Promise<Step>;
}> {
  const model = await scope.get(Model);
  const sample = { channels: 3, height: resolution, width: resolution };
  const trainForm = model.build({ numClasses, sample, normalization: NORMALIZATION });
  const fresh = { graph: trainForm, weights: initialise(trainForm, SEED) };
  const { graph, weights } = form === 'fused' ? fuse(fresh.graph, fresh.weights) : fresh;
  const common = { batchSize, precision, weights };
  const optimizer = await scope.get(Optimizer);
  const { parameters, buffers } = count(graph);
  return {
    ...{ name: model.name, parameters, buffers },
    async load(device) {
      if (work === 'inference') {
        const quantisation = precision === 'int8' && {
          quantisation: standInQuantisation(graph, weights),
        };
        const session = await device.load(graph, { kind: 'inference', ...common, ...quantisation });
        return (batch) => session.infer(batch);
      }
      const updateRule = optimizer.rule(parametersOf(graph));
      const lossGraph = withLoss(graph, { labelSmoothing: 0.1, targets: 'index' });
      const use = { kind: 'training', ...common, updateRule, seed: SEED } as const;
      const session = await device.load(lossGraph, use);
      return async (batch) => {
        await session.backward(batch);
        await session.update(RATE);
      };
    },
  };
}

/** A batch of bytes without meaning, the same every time. */
function noise({ batchSize: images, resolution, numClasses }: BenchmarkJob): LabelledBatch {
  const random = randomOf(SEED, 'benchmark images');
  const data = new Uint8Array(images * resolution * resolution * 3);
  for (let at = 0; at < data.length; at++) data[at] = Math.floor(256 * random.uniform());
  const labels = Int32Array.from({ length: images }, (_, image) => image % numClasses);
  const samples = Int32Array.from({ length: images }, (_, image) => image);
  const size = { channels: 3, height: resolution, width: resolution };
  return { images, ...size, layout: 'NHWC', data, labels, samples };
}
