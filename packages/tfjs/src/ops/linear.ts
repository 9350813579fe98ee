import { add, type Tensor2D } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = x W + b, W `[in, out]` on the device; dx = dy Wᵀ, dW = xᵀ dy, db = Σ dy. */
export const linear: OpKernel<'linear'> = {
  forward({ inputs: [x], tensors, kernels }) {
    const y = kernels.matMul(x as Tensor2D, tensors['weight'] as Tensor2D, false, false);
    return { output: tensors['bias'] ? add(y, tensors['bias']) : y, saved: [x!] };
  },
  backward({ node, dy, saved: [x], tensors, kernels, needs }) {
    const weight = kernels.matMul(x as Tensor2D, dy as Tensor2D, true, false);
    return {
      inputs: [
        needs[0]
          ? kernels.matMul(dy as Tensor2D, tensors['weight'] as Tensor2D, false, true)
          : null,
      ],
      parameters: node.attrs.bias ? { weight, bias: kernels.channelSum(dy) } : { weight },
    };
  },
};
