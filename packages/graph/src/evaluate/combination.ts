import { sizeOf } from '../tensor.js';
import type { Kernel } from './kernel.js';

/** From left to right. */
export const add: Kernel<'add'> = ({ inputs: [first, ...others] }) => {
  const y = first!.data.slice();
  for (const { data } of others) for (let i = 0; i < y.length; i++) y[i]! += data[i]!;
  return y;
};

/** From left to right. */
export const weightedSum: Kernel<'weighted_sum'> = ({ attrs: { factors }, inputs }) => {
  const y = new Float64Array(inputs[0]!.data.length);
  for (const [k, { data }] of inputs.entries()) {
    const factor = factors[k]!;
    for (let i = 0; i < y.length; i++) y[i]! += factor * data[i]!;
  }
  return y;
};

/** The second input holds one value for `span` consecutive ones of the first. */
export const mul: Kernel<'mul'> = ({ inputs: [a, b] }) => {
  const y = a!.data.slice();
  const span = y.length / b!.data.length;
  for (let j = 0; j < b!.data.length; j++) {
    const factor = b!.data[j]!;
    for (let i = j * span; i < (j + 1) * span; i++) y[i]! *= factor;
  }
  return y;
};

export const concat: Kernel<'concat'> = ({ inputs, batch, shape }) => {
  const sample = sizeOf(shape);
  const y = new Float64Array(batch * sample);
  let start = 0;
  for (const { data } of inputs) {
    const part = data.length / batch;
    for (let n = 0; n < batch; n++) {
      y.set(data.subarray(n * part, (n + 1) * part), n * sample + start);
    }
    start += part;
  }
  return y;
};
