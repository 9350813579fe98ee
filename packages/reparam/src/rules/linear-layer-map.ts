import type { LinearAttrs } from '@refold/graph';
import { POINT, type MapForm } from '../algebra/linear-map.js';

/**
 * Rule: a linear layer is a 1×1 convolution of an image of one pixel; its weight `[out, in]` is that kernel as it lies.
 * Exact always.
 */
export function linearForm(attrs: LinearAttrs, inChannels: number, zeroBias: boolean): MapForm {
  const { outFeatures } = attrs;
  return { inChannels, outChannels: outFeatures, groups: 1, axes: [POINT, POINT], zeroBias };
}
