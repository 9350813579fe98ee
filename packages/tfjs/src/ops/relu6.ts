import { mul, relu6 as clip, step, sub } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = min(max(x, 0), 6); dx = dy where 0 < y < 6. */
export const relu6: OpKernel<'relu6'> = {
  forward({ inputs: [x] }) {
    const y = clip(x!);
    return { output: y, saved: [y] };
  },
  backward({ dy, saved: [y], needs }) {
    return { inputs: [needs[0] ? mul(dy, mul(step(y!), step(sub(6, y!)))) : null] };
  },
};
