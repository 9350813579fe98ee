import { mul } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = x · w per channel; dw = Σ dy · x. */
export const scale: OpKernel<'scale'> = {
  forward({ inputs: [x], tensors }) {
    return { output: mul(x!, tensors['weight']!), saved: [x!] };
  },
  backward({ dy, saved: [x], tensors, kernels, needs }) {
    return {
      inputs: [needs[0] ? mul(dy, tensors['weight']!) : null],
      parameters: { weight: kernels.channelSum(mul(dy, x!)) },
    };
  },
};
