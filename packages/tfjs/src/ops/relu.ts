import { relu as rectify } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = max(x, 0); dx = dy where y > 0. */
export const relu: OpKernel<'relu'> = {
  forward({ inputs: [x] }) {
    const y = rectify(x!);
    return { output: y, saved: [y] };
  },
  backward({ dy, saved: [y], kernels, needs }) {
    return { inputs: [needs[0] ? kernels.reluGradient(dy, y!) : null] };
  },
};
