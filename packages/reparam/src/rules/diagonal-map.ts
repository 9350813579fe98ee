import { POINT, type LinearMap, type MapForm } from '../algebra/linear-map.js';

/**
 * Rule: what treats every channel and every position alike is a depthwise 1×1 kernel,
 * `y[c] = scale[c] · x[c] + shift[c]`. Identity, batch norm and layer scale are of this kind.
 * Exact always. Summed with a larger kernel it becomes that kernel's centre (a Dirac kernel per group).
 */
export function diagonalForm(channels: number, zeroBias: boolean): MapForm {
  return {
    inChannels: channels,
    outChannels: channels,
    groups: channels,
    axes: [POINT, POINT],
    zeroBias,
  };
}

/** @param shift_C absent: zero */
export function diagonalMap(scale_C: Float64Array, shift_C?: Float64Array): LinearMap {
  const bias_O = shift_C ?? new Float64Array(scale_C.length);
  const zeroBias = bias_O.every((value) => value === 0);
  return { form: diagonalForm(scale_C.length, zeroBias), kernel_OIHW: scale_C, bias_O };
}

/** The map that changes nothing. */
export function identityMap(channels: number): LinearMap {
  return diagonalMap(new Float64Array(channels).fill(1));
}
