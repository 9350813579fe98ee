import { add as plus } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = Σ x_i; every input gets dy. */
export const add: OpKernel<'add'> = {
  forward: ({ inputs }) => ({
    output: inputs.reduce((total, x) => plus(total, x)),
    saved: [],
  }),
  backward: ({ dy, needs }) => ({ inputs: needs.map((needed) => (needed ? dy : null)) }),
};
