import type { StatisticsGroup } from '@refold/core';
import {
  add,
  mul,
  rsqrt,
  square,
  sub,
  sum,
  tensor1d,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { BatchNormGradient, BatchNormResult } from './kernel-set.js';

/**
 * `batchNorm` with the statistics of all replicas, which have n values per channel each: as the portable one
 * (`batch-norm.ts`), with N = n · replicas and sums over the replicas.
 *
 * Saved: x − μ `[n…, C]` and r `[C]`.
 */
export function sharedBatchNorm(
  group: StatisticsGroup,
  x: Tensor4D,
  weight: Tensor1D,
  bias: Tensor1D,
  eps: number,
): BatchNormResult {
  const n = (x.size / weight.size) * group.size;
  const mean = perValue(overReplicas(sumsOf(x), group), n);
  const centred = sub<Tensor4D>(x, mean);
  const squares = overReplicas(sumsOf(square(centred)), group);
  const inverse = rsqrt<Tensor1D>(add(perValue(squares, n), eps));
  const y = add<Tensor4D>(mul(centred, mul(weight, inverse)), bias);
  const variance = perValue(squares, Math.max(1, n - 1));
  return { y, mean, variance, saved: [centred, inverse] };
}

/** Gradients of the parameters are of this replica, as those of all others are; dx takes part of every replica's. */
export function sharedBatchNormGradient(
  group: StatisticsGroup,
  dy: Tensor4D,
  weight: Tensor1D,
  saved: readonly Tensor[],
): BatchNormGradient {
  const [centred, inverse] = saved as [Tensor4D, Tensor1D];
  const n = (dy.size / weight.size) * group.size;
  const [sums, dots] = [sumsOf(dy), sumsOf(mul(dy, centred))];
  const dBias = perValue(sums, 1);
  const dWeight = mul<Tensor1D>(perValue(dots, 1), inverse);
  const slope = mul(weight, inverse);
  const dotsPerValue = perValue(overReplicas(dots, group), n);
  const ofCentred = mul(mul(slope, mul(inverse, inverse)), dotsPerValue);
  const constant = mul(slope, perValue(overReplicas(sums, group), n));
  const dx = sub<Tensor4D>(sub(mul(dy, slope), mul(centred, ofCentred)), constant);
  return { dx, dWeight, dBias };
}

/**
 * Σ over all axes but the last. Images are added in float64: however they are shared among replicas, the statistics are the
 * same, where a last digit would grow step by step. Waits for the device.
 */
function sumsOf(x: Tensor4D): Float64Array {
  const sums = new Float64Array(x.shape[3]);
  sum(sum(x, 1), 1)
    .dataSync()
    .forEach((value, i) => (sums[i % sums.length]! += value));
  return sums;
}

/** A new array. Waits for the other replicas. */
function overReplicas(values: Float64Array, group: StatisticsGroup): Float64Array {
  const sums = Float64Array.from(values);
  group.sum(sums);
  return sums;
}

function perValue(sums: Float64Array, n: number): Tensor1D {
  return tensor1d(Float32Array.from(sums, (value) => value / n));
}
