import { add, mul, relu6, step, sub } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = relu6(x + 3) / 6; dx = dy / 6 where −3 < x < 3. */
export const hardSigmoid: OpKernel<'hard_sigmoid'> = {
  forward({ inputs: [x] }) {
    const y = mul(relu6(add(x!, 3)), 1 / 6);
    return { output: y, saved: [x!] };
  },
  backward({ dy, saved: [x], needs }) {
    if (!needs[0]) return { inputs: [null] };
    const inside = mul(step(add(x!, 3)), step(sub(3, x!)));
    return { inputs: [mul(dy, mul(inside, 1 / 6))] };
  },
};
