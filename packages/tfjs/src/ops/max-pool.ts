import type { PoolAttrs } from '@refold/graph';
import { pad, type Tensor4D } from '@tensorflow/tfjs-core';
import { explicitPadding, nativeKernel } from '../kernels/native-kernel.js';
import { padOrCrop } from '../kernels/zero-insertion.js';
import type { OpKernel } from './op-kernel.js';
import { everyOther } from './every-other.js';

/** Padded places never win. */
const LOWEST = -3.4028234663852886e38;

/** Largest value of each window; dx goes to the place it came from. */
export const maxPool: OpKernel<'max_pool'> = {
  forward({ node: { attrs }, inputs }) {
    const x = inputs[0] as Tensor4D;
    const framed = frame(x, attrs);
    const output = isSingle(attrs)
      ? everyOther.forward(framed, attrs.stride)
      : nativeKernel<Tensor4D>('MaxPool', { x: framed }, attributes(attrs));
    return { output, saved: [x, output] };
  },
  backward({ node: { attrs }, dy, saved, needs, kernels }) {
    if (!needs[0]) return { inputs: [null] };
    const [x, output] = saved as [Tensor4D, Tensor4D];
    const input = frame(x, attrs);
    const dFramed = isSingle(attrs)
      ? everyOther.backward(dy as Tensor4D, input.shape, attrs.stride)
      : kernels.maxPoolGradient(dy as Tensor4D, input, output, attrs);
    const [py, px] = attrs.padding;
    return { inputs: [padOrCrop(dFramed, [-py, -py], [-px, -px])] };
  },
};

function frame(x: Tensor4D, { padding: [py, px] }: PoolAttrs): Tensor4D {
  return py + px === 0 ? x : pad(x, explicitPadding([py, py], [px, px]), LOWEST);
}

function attributes({ kernel, stride }: PoolAttrs) {
  return { filterSize: [...kernel], strides: [...stride], pad: 'valid' as const };
}

const isSingle = ({ kernel }: PoolAttrs) => kernel[0] * kernel[1] === 1;
