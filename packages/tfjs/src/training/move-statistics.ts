import { concat, tidy, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { onBackend } from '../on-backend.js';
import type { WeightStore } from '../weights/weight-store.js';

/**
 * Moves the running statistics by those of a batch: all of them read from the device at once. Disposes them.
 *
 * @param statistics mean and unbiased variance by name of the batch_norm node
 * @param momenta share of the new value, by the same name
 */
export async function moveStatistics(
  statistics: Map<string, { readonly mean: Tensor; readonly variance: Tensor }>,
  weights: WeightStore,
  momenta: ReadonlyMap<string, number>,
  backend: string,
): Promise<void> {
  if (statistics.size === 0) return;
  const entries = [...statistics];
  statistics.clear();
  const parts = entries.flatMap(([, { mean, variance }]) => [mean, variance]) as Tensor1D[];
  const all = onBackend(backend, () => tidy(() => concat(parts)));
  for (const part of parts) part.dispose();
  const values = (await all.data()) as Float32Array;
  all.dispose();
  let offset = 0;
  const take = (length: number) => values.subarray(offset, (offset += length));
  for (const [node, { mean }] of entries) {
    const momentum = momenta.get(node) ?? 0;
    weights.moveBuffer(`${node}.running_mean`, take(mean.size), momentum);
    weights.moveBuffer(`${node}.running_var`, take(mean.size), momentum);
  }
}
