import { add, mul, relu6, step, sub, type Tensor } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = x h(x), h(x) = relu6(x + 3) / 6; dx = dy (h + x / 6 where −3 < x < 3). */
export const hardSwish: OpKernel<'hard_swish'> = {
  forward({ inputs: [x] }) {
    return { output: mul(x!, gate(x!)), saved: [x!] };
  },
  backward({ dy, saved: [x], needs }) {
    if (!needs[0]) return { inputs: [null] };
    const inside = mul(step(add(x!, 3)), step(sub(3, x!)));
    return { inputs: [mul(dy, add(gate(x!), mul(mul(x!, 1 / 6), inside)))] };
  },
};

const gate = (x: Tensor) => mul(relu6(add(x, 3)), 1 / 6);
