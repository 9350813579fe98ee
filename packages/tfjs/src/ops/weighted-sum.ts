import { add, mul, type Tensor } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = Σ f_i x_i; dx_i = f_i dy. */
export const weightedSum: OpKernel<'weighted_sum'> = {
  forward: ({ inputs, node: { attrs } }) => ({
    output: inputs.map((x, i) => times(x, attrs.factors[i]!)).reduce((total, x) => add(total, x)),
    saved: [],
  }),
  backward: ({ dy, needs, node: { attrs } }) => ({
    inputs: needs.map((needed, i) => (needed ? times(dy, attrs.factors[i]!) : null)),
  }),
};

const times = (x: Tensor, factor: number) => (factor === 1 ? x : mul(x, factor));
