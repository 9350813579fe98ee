import { add, mul, rsqrt, square, sub, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import type { KernelSet } from './kernel-set.js';

type BatchNormKernels = Pick<KernelSet, 'batchNorm' | 'batchNormGradient' | 'batchNormInference'>;

/**
 * Batch normalisation by elementwise ops and channel sums.
 *
 * x̂ = (x − μ) · r with r = 1 / √(σ² + ε); y = γ x̂ + β
 * dβ = Σ dy; dγ = Σ dy · x̂; dx = γ r (dy − dβ / n − x̂ · dγ / n)
 *
 * Saved: x − μ `[N, H, W, C]` and r `[C]`.
 */
export function batchNormKernels(channelSum: KernelSet['channelSum']): BatchNormKernels {
  return {
    batchNorm(x, weight, bias, eps) {
      const n = x.size / weight.size;
      const mean = mul<Tensor1D>(channelSum(x), 1 / n);
      const centred = sub<Tensor4D>(x, mean);
      const squares = channelSum(square(centred));
      const inverse = rsqrt<Tensor1D>(add(mul(squares, 1 / n), eps));
      const y = add<Tensor4D>(mul(centred, mul(weight, inverse)), bias);
      const variance = mul<Tensor1D>(squares, 1 / Math.max(1, n - 1));
      return { y, mean, variance, saved: [centred, inverse] };
    },
    batchNormGradient(dy, weight, saved) {
      const [centred, inverse] = saved as [Tensor4D, Tensor1D];
      const n = dy.size / weight.size;
      const dBias = channelSum(dy);
      const dWeight = mul<Tensor1D>(channelSum(mul(dy, centred)), inverse);
      const slope = mul(weight, inverse);
      // dx = slope · dy − (slope · r · dγ / n) · (x − μ) − slope · dβ / n
      const ofCentred = mul(mul(slope, inverse), mul(dWeight, 1 / n));
      const constant = mul(slope, mul(dBias, 1 / n));
      const dx = sub<Tensor4D>(sub(mul(dy, slope), mul(centred, ofCentred)), constant);
      return { dx, dWeight, dBias };
    },
    batchNormInference(x, { mean, variance }, weight, bias, eps) {
      const slope = mul(weight, rsqrt(add(variance, eps)));
      return add<Tensor4D>(mul(x, slope), sub(bias, mul(mean, slope)));
    },
  };
}
