import type { ReferenceOp } from './reference-op.js';
import { zeros64 } from './tensor64.js';

/** y[n, o] = bias[o] + Σ weight[o, i] · x[n, i]. */
export const linear: ReferenceOp<'linear'> = ({ inputs, shape, tensors }) => {
  const x = inputs[0]!;
  const [images = 0, outs = 0] = shape;
  const ins = x.data.length / images;
  const weight = tensors['weight']!;
  const bias = tensors['bias'];
  const each = (visit: (y: number, w: number, x: number) => void): void => {
    for (let n = 0; n < images; n++)
      for (let o = 0; o < outs; o++)
        for (let i = 0; i < ins; i++) visit(n * outs + o, o * ins + i, n * ins + i);
  };
  const output = zeros64(shape);
  if (bias) output.data.forEach((_, y) => (output.data[y] = bias[y % outs]!));
  each((y, w, i) => (output.data[y]! += weight[w]! * x.data[i]!));
  return {
    output,
    backward(dy) {
      const dx = new Float64Array(x.data.length);
      const dw = new Float64Array(weight.length);
      const db = new Float64Array(outs);
      each((y, w, i) => {
        dx[i]! += weight[w]! * dy[y]!;
        dw[w]! += x.data[i]! * dy[y]!;
      });
      dy.forEach((g, y) => (db[y % outs]! += g));
      return { inputs: [dx], tensors: { weight: dw, ...(bias ? { bias: db } : {}) } };
    },
  };
};
