import type { AvgPoolAttrs } from '@refold/graph';
import { mul, tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { nativeKernel } from '../kernels/native-kernel.js';
import { padOrCrop } from '../kernels/zero-insertion.js';
import type { OpKernel } from './op-kernel.js';
import { everyOther } from './every-other.js';

/**
 * Mean over windows. Padding is put there before (tfjs's kernels never count padded zeros), and corrected for
 * afterwards where zeros do not count.
 */
export const avgPool: OpKernel<'avg_pool'> = {
  forward({ node: { attrs }, inputs }) {
    const x = inputs[0] as Tensor4D;
    const framed = frame(x, attrs);
    const y = isSingle(attrs)
      ? everyOther.forward(framed, attrs.stride)
      : nativeKernel<Tensor4D>('AvgPool', { x: framed }, attributes(attrs));
    return { output: attrs.countIncludePad ? y : mul(y, shares(x, y, attrs)), saved: [x] };
  },
  backward({ node: { attrs }, dy: gradient, saved, needs }) {
    if (!needs[0]) return { inputs: [null] };
    const x = saved[0] as Tensor4D;
    const dy = (
      attrs.countIncludePad ? gradient : mul(gradient, shares(x, gradient as Tensor4D, attrs))
    ) as Tensor4D;
    const framed = frame(x, attrs);
    const dFramed = isSingle(attrs)
      ? everyOther.backward(dy, framed.shape, attrs.stride)
      : nativeKernel<Tensor4D>('AvgPoolGrad', { dy, input: framed }, attributes(attrs));
    const [py, px] = attrs.padding;
    return { inputs: [padOrCrop(dFramed, [-py, -py], [-px, -px])] };
  },
};

function frame(x: Tensor4D, { padding: [py, px] }: AvgPoolAttrs): Tensor4D {
  return padOrCrop(x, [py, py], [px, px]);
}

function attributes({ kernel, stride }: AvgPoolAttrs) {
  return { filterSize: [...kernel], strides: [...stride], pad: 'valid' as const };
}

const isSingle = ({ kernel }: AvgPoolAttrs) => kernel[0] * kernel[1] === 1;

/** Kernel size over number of real values, for each place of the output: `[1, OH, OW, 1]`. */
function shares(x: Tensor4D, y: Tensor4D, { kernel, stride, padding }: AvgPoolAttrs): Tensor4D {
  const along = (axis: 0 | 1) =>
    Array.from({ length: y.shape[axis + 1] ?? 0 }, (_, place) => {
      const from = place * stride[axis] - padding[axis];
      const size = x.shape[axis + 1] ?? 0;
      return Math.min(size, from + kernel[axis]) - Math.max(0, from);
    });
  const [rows, columns] = [along(0), along(1)];
  const values = rows.flatMap((h) => columns.map((w) => (kernel[0] * kernel[1]) / (h * w)));
  return tensor(values, [1, rows.length, columns.length, 1]);
}
