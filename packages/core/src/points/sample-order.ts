import { randomOf } from '@refold/graph';
import type { BatchPlan } from './dataset.js';

/** How a split is walked through. */
export interface SampleOrderUse {
  /** Draw a new order per (seed, epoch); otherwise samples come by index. */
  readonly shuffle: boolean;
  /** Leave out the samples that do not fill a whole global batch (training); otherwise each sample comes once. */
  readonly dropLast: boolean;
}

/**
 * Indices of the samples in each batch of one replica for one epoch: what every dataset's `batches` walks through.
 *
 * The epoch's order is cut into global batches of `batchSize × replicas` samples and each global batch into one
 * share per replica, in rank order. So n replicas with batch b see, step by step, the samples of one replica with
 * batch n·b. A last, partial global batch is dropped, or shared as evenly as it goes; a replica whose share is
 * empty has one batch less.
 *
 * @param size samples in the split
 * @returns all batches of the epoch, `firstBatch` not applied; views of one array, not to be written to
 */
export function sampleOrder(
  plan: Pick<BatchPlan, 'batchSize' | 'rank' | 'replicas' | 'seed' | 'epoch'>,
  size: number,
  use: SampleOrderUse,
): Int32Array[] {
  const order = use.shuffle ? permutation(size, plan.seed, plan.epoch) : identity(size);
  const count = sampleBatchCount(plan, size, use);
  return Array.from({ length: count }, (_, batch) => {
    const { from, to } = share(plan, size, batch);
    return order.subarray(from, to);
  });
}

/** Batches that {@link sampleOrder} gives one replica. */
export function sampleBatchCount(
  plan: Pick<BatchPlan, 'batchSize' | 'rank' | 'replicas'>,
  size: number,
  { dropLast }: Pick<SampleOrderUse, 'dropLast'>,
): number {
  const whole = Math.floor(size / (plan.batchSize * plan.replicas));
  if (dropLast) return whole;
  const { from, to } = share(plan, size, whole);
  return to > from ? whole + 1 : whole;
}

/** Half-open range of the order that is this replica's part of a global batch. */
function share(
  { batchSize, rank, replicas }: Pick<BatchPlan, 'batchSize' | 'rank' | 'replicas'>,
  size: number,
  batch: number,
): { from: number; to: number } {
  const start = batch * batchSize * replicas;
  const samples = Math.min(batchSize * replicas, size - start);
  return {
    from: start + Math.floor((samples * rank) / replicas),
    to: start + Math.floor((samples * (rank + 1)) / replicas),
  };
}

function identity(size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => i);
}

/** Fisher–Yates. */
function permutation(size: number, seed: number, epoch: number): Int32Array {
  const order = identity(size);
  const random = randomOf(seed, 'order', epoch);
  for (let i = size - 1; i > 0; i--) {
    const j = random.int(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
