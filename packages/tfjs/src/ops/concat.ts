import { concat as join, split } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** Channels one after the other; each input gets its share of dy. */
export const concat: OpKernel<'concat'> = {
  forward: ({ inputs }) => ({ output: join([...inputs], -1), saved: [] }),
  backward({ dy, inputShapes, needs }) {
    const sizes = inputShapes.map(([channels]) => channels ?? 0);
    const parts = split(dy, sizes, dy.rank - 1);
    return { inputs: parts.map((part, i) => (needs[i] ? part : null)) };
  },
};
