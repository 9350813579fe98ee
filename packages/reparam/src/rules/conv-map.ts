import type { Conv2dAttrs } from '@refold/graph';
import type { AxisForm, LinearMap, MapForm } from '../algebra/linear-map.js';

/**
 * Rule: a convolution is its own linear map.
 * Exact always: zero padding is what linear maps mean outside the input.
 */
export function convForm(attrs: Conv2dAttrs, inChannels: number, zeroBias: boolean): MapForm {
  const axis = (i: 0 | 1): AxisForm => ({
    kernel: attrs.kernel[i],
    stride: attrs.stride[i],
    // One tap has no distance to the next; 1 lets it meet every other grid.
    dilation: attrs.kernel[i] === 1 ? 1 : attrs.dilation[i],
    before: attrs.padding[i],
    after: attrs.padding[i],
  });
  const { outChannels, groups } = attrs;
  return { inChannels, outChannels, groups, axes: [axis(0), axis(1)], zeroBias };
}

/** @param bias_O absent for a convolution without bias */
export function convMap(
  form: MapForm,
  weight_OIHW: ArrayLike<number>,
  bias_O?: ArrayLike<number>,
): LinearMap {
  return {
    form,
    kernel_OIHW: Float64Array.from(weight_OIHW),
    bias_O: bias_O ? Float64Array.from(bias_O) : new Float64Array(form.outChannels),
  };
}
