import { mul, sub, tensor1d } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = x / (255 · std) − mean / std. Where it follows the input directly, `batchTensor` has done it on the host. */
export const normalize: OpKernel<'normalize'> = {
  forward({ node, inputs: [x] }) {
    const { mean, std } = node.attrs;
    const shift = tensor1d(mean.map((m, c) => m / (std[c] ?? 1)));
    return { output: sub(mul(x!, slope(std)), shift), saved: [] };
  },
  backward({ node, dy, needs: [needed] }) {
    return { inputs: [needed ? mul(dy, slope(node.attrs.std)) : null] };
  },
};

const slope = (std: readonly number[]) => tensor1d(std.map((s) => 1 / (255 * s)));
