import type { LinearMap } from '../algebra/linear-map.js';

/**
 * Rule: a map times a constant has every weight and bias times it; a map of zero bias keeps that.
 * Exact always. Differences and means are sums of such terms (FastViT's RepMixer, averaged heads).
 */
export function times(map: LinearMap, factor: number): LinearMap {
  return {
    form: map.form,
    kernel_OIHW: map.kernel_OIHW.map((value) => factor * value),
    bias_O: map.bias_O.map((value) => factor * value),
  };
}
