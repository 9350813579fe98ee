import type { Dataset } from '../points/dataset.js';
import type { Device } from '../points/device.js';
import type { TrainingLoad } from '../run/training-load.js';
import type { MeasuredStep } from './predict-scaling.js';

const STEPS = 3;

/**
 * The least times of a few steps on the first batch of the training split, after one that warms up. Trains weights that
 * nobody keeps.
 */
export async function measureStep(
  device: Device,
  dataset: Dataset,
  { lossGraph, use }: TrainingLoad,
): Promise<MeasuredStep> {
  const session = await device.load(lossGraph, use);
  try {
    const plan = { batchSize: use.batchSize, seed: use.seed, epoch: 0, rank: 0, replicas: 1 };
    const times: { forwardMs: number; backwardMs: number; updateMs: number }[] = [];
    for await (const batch of dataset.train.batches(plan)) {
      for (let step = 0; step <= STEPS; step++) {
        const { forwardMs, backwardMs } = await session.backward(batch);
        const started = performance.now();
        await session.update(0);
        times.push({ forwardMs, backwardMs, updateMs: performance.now() - started });
      }
      break;
    }
    const least = (key: 'forwardMs' | 'backwardMs' | 'updateMs'): number =>
      Math.min(...times.slice(1).map((time) => time[key]));
    return {
      forwardMs: least('forwardMs'),
      backwardMs: least('backwardMs'),
      updateMs: least('updateMs'),
      bucketBytes: session.gradients.map(({ length }) => length * Float32Array.BYTES_PER_ELEMENT),
    };
  } finally {
    await session.close();
  }
}
