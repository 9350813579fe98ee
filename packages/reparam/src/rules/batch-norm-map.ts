import type { LinearMap } from '../algebra/linear-map.js';
import { diagonalMap } from './diagonal-map.js';

/** Tensors of a batch norm, each `[C]`. */
export interface BatchNormTensors {
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly running_mean: ArrayLike<number>;
  readonly running_var: ArrayLike<number>;
}

/**
 * Rule: batch norm with running statistics is diagonal: scale γ/√(σ² + ε), shift β − μ·γ/√(σ² + ε).
 * Exact always, for inference. With {@link compose}: conv then BN gives K·γ/√(σ²+ε) and
 * β + (b − μ)·γ/√(σ²+ε) (Ding et al. 2021, eq. 3).
 */
export function batchNormMap(tensors: BatchNormTensors, eps: number): LinearMap {
  const channels = tensors.weight.length;
  const scale_C = new Float64Array(channels);
  const shift_C = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const scale = tensors.weight[c]! / Math.sqrt(tensors.running_var[c]! + eps);
    scale_C[c] = scale;
    shift_C[c] = tensors.bias[c]! - tensors.running_mean[c]! * scale;
  }
  return diagonalMap(scale_C, shift_C);
}
