import type { AvgPoolAttrs } from '@refold/graph';
import type { AxisForm, LinearMap, MapForm, Refusal } from '../algebra/linear-map.js';
import { kernelSizeOf } from '../algebra/linear-map.js';

/**
 * Rule: average pooling is a depthwise kernel of 1/(kh·kw) (Ding et al. 2021, "Diverse Branch Block", transform V).
 * Exact when padded zeros count in the average, or when there are none: otherwise the divisor changes at the border.
 */
export function avgPoolForm(attrs: AvgPoolAttrs, channels: number): MapForm | Refusal {
  const padded = attrs.padding[0] > 0 || attrs.padding[1] > 0;
  if (padded && !attrs.countIncludePad) {
    return {
      refused: 'its average leaves padded zeros out, so it divides differently at the border',
    };
  }
  const axis = (i: 0 | 1): AxisForm => ({
    kernel: attrs.kernel[i],
    stride: attrs.stride[i],
    dilation: 1,
    before: attrs.padding[i],
    after: attrs.padding[i],
  });
  return {
    inChannels: channels,
    outChannels: channels,
    groups: channels,
    axes: [axis(0), axis(1)],
    zeroBias: true,
  };
}

/** Numbers of {@link avgPoolForm}. */
export function avgPoolMap(form: MapForm): LinearMap {
  const [{ kernel: kh }, { kernel: kw }] = form.axes;
  return {
    form,
    kernel_OIHW: new Float64Array(kernelSizeOf(form)).fill(1 / (kh * kw)),
    bias_O: new Float64Array(form.outChannels),
  };
}
