import { mul, sigmoid as logistic, sub } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = σ(x); dx = dy y (1 − y). */
export const sigmoid: OpKernel<'sigmoid'> = {
  forward({ inputs: [x] }) {
    const y = logistic(x!);
    return { output: y, saved: [y] };
  },
  backward({ dy, saved: [y], needs }) {
    return { inputs: [needs[0] ? mul(dy, mul(y!, sub(1, y!))) : null] };
  },
};
