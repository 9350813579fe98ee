import type { StatisticsGroup } from '@refold/core';
import {
  add,
  mul,
  rsqrt,
  square,
  sub,
  tensor1d,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { BatchNormGradient, BatchNormResult, KernelSet } from './kernel-set.js';

type Sums = Pick<KernelSet, 'channelSum'>;

/**
 * `batchNorm` with the statistics of all replicas, which have n values per channel each: as the portable one
 * (`batch-norm.ts`), with N = n · replicas and sums over the replicas.
 *
 * Saved: x − μ `[n…, C]` and r `[C]`.
 */
export function sharedBatchNorm(
  { channelSum }: Sums,
  group: StatisticsGroup,
  x: Tensor4D,
  weight: Tensor1D,
  bias: Tensor1D,
  eps: number,
): BatchNormResult {
  const n = (x.size / weight.size) * group.size;
  const mean = mul<Tensor1D>(overReplicas(channelSum(x), group), 1 / n);
  const centred = sub<Tensor4D>(x, mean);
  const squares = overReplicas(channelSum(square(centred)), group);
  const inverse = rsqrt<Tensor1D>(add(mul(squares, 1 / n), eps));
  const y = add<Tensor4D>(mul(centred, mul(weight, inverse)), bias);
  const variance = mul<Tensor1D>(squares, 1 / Math.max(1, n - 1));
  return { y, mean, variance, saved: [centred, inverse] };
}

/** Gradients of the parameters are of this replica, as those of all others are; dx takes part of every replica's. */
export function sharedBatchNormGradient(
  { channelSum }: Sums,
  group: StatisticsGroup,
  dy: Tensor4D,
  weight: Tensor1D,
  saved: readonly Tensor[],
): BatchNormGradient {
  const [centred, inverse] = saved as [Tensor4D, Tensor1D];
  const n = (dy.size / weight.size) * group.size;
  const dBias = channelSum(dy);
  const dWeight = mul<Tensor1D>(channelSum(mul(dy, centred)), inverse);
  const slope = mul(weight, inverse);
  const ofCentred = mul(mul(slope, inverse), mul(overReplicas(dWeight, group), 1 / n));
  const constant = mul(slope, mul(overReplicas(dBias, group), 1 / n));
  const dx = sub<Tensor4D>(sub(mul(dy, slope), mul(centred, ofCentred)), constant);
  return { dx, dWeight, dBias };
}

/** Waits for the device and for the other replicas. */
function overReplicas(values: Tensor1D, group: StatisticsGroup): Tensor1D {
  const sums = Float64Array.from(values.dataSync());
  group.sum(sums);
  return tensor1d(Float32Array.from(sums));
}
