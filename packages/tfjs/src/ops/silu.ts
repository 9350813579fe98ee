import { add, mul, sigmoid, sub } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = x σ(x); dx = dy σ (1 + x (1 − σ)). */
export const silu: OpKernel<'silu'> = {
  forward({ inputs: [x] }) {
    return { output: mul(x!, sigmoid(x!)), saved: [x!] };
  },
  backward({ dy, saved: [x], needs }) {
    if (!needs[0]) return { inputs: [null] };
    const s = sigmoid(x!);
    return { inputs: [mul(dy, mul(s, add(1, mul(x!, sub(1, s)))))] };
  },
};
