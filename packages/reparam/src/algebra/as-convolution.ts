import type { Conv2dAttrs } from '@refold/graph';
import { kernelSizeOf, spanOf, type AxisForm, type LinearMap, type MapForm } from './linear-map.js';
import { placeKernel } from './place-kernel.js';

/**
 * The form of a map that a conv2d can express: equal padding before and after on each axis.
 * Where they differ the kernel grows by zeros on the side with less (even kernels in sums with odd ones).
 */
export function convolutionForm(form: MapForm): MapForm {
  const axes = [symmetric(form.axes[0]), symmetric(form.axes[1])] as const;
  return { ...form, axes };
}

function symmetric(axis: AxisForm): AxisForm {
  const { before, after } = axis;
  if (before === after) return axis;
  const padding = Math.max(before, after);
  const growth = 2 * padding - before - after;
  const dilation = axis.kernel > 1 && growth % axis.dilation !== 0 ? 1 : axis.dilation;
  const kernel = (spanOf(axis) + growth) / dilation + 1;
  return { ...axis, dilation, kernel, before: padding, after: padding };
}

/** The same map with the kernel of {@link convolutionForm}. */
export function asConvolution(map: LinearMap): LinearMap {
  const form = convolutionForm(map.form);
  if (form.axes.every((axis, i) => axis === map.form.axes[i])) return map;
  const kernel_OIHW = new Float64Array(kernelSizeOf(form));
  placeKernel(kernel_OIHW, form, map);
  return { form, kernel_OIHW, bias_O: map.bias_O };
}

/** Attributes of the conv2d, with bias, that computes a map of a convolution's form. */
export function convolutionAttrs({ outChannels, groups, axes }: MapForm): Conv2dAttrs {
  const [vertical, horizontal] = axes;
  return {
    outChannels,
    kernel: [vertical.kernel, horizontal.kernel],
    stride: [vertical.stride, horizontal.stride],
    padding: [vertical.before, horizontal.before],
    dilation: [vertical.dilation, horizontal.dilation],
    groups,
    bias: true,
  };
}
