import type { ReferenceOp } from './reference-op.js';
import { zeros64 } from './tensor64.js';

const areaOf = ([, , ...area]: readonly number[]) => area.reduce((a, b) => a * b, 1);

/** Sum of its inputs. */
export const add: ReferenceOp<'add'> = ({ inputs, shape }) => {
  const output = zeros64(shape);
  for (const { data } of inputs) data.forEach((v, i) => (output.data[i]! += v));
  return { output, backward: (dy) => ({ inputs: inputs.map(() => dy.slice()) }) };
};

/** Sum of its inputs, each times its factor. */
export const weightedSum: ReferenceOp<'weighted_sum'> = ({ attrs: { factors }, inputs, shape }) => {
  const output = zeros64(shape);
  inputs.forEach(({ data }, k) => data.forEach((v, i) => (output.data[i]! += factors[k]! * v)));
  return { output, backward: (dy) => ({ inputs: factors.map((f) => dy.map((g) => f * g)) }) };
};

/** Product; the second input may be one number per channel. */
export const mul: ReferenceOp<'mul'> = ({ inputs, shape }) => {
  const [a, b] = [inputs[0]!, inputs[1]!];
  const repeat = a.data.length / b.data.length;
  const inB = (i: number) => Math.floor(i / repeat);
  return {
    output: { shape, data: a.data.map((v, i) => v * b.data[inB(i)]!) },
    backward(dy) {
      const db = new Float64Array(b.data.length);
      dy.forEach((g, i) => (db[inB(i)]! += g * a.data[i]!));
      return { inputs: [dy.map((g, i) => g * b.data[inB(i)]!), db] };
    },
  };
};

/** Inputs one after the other along the channels. */
export const concat: ReferenceOp<'concat'> = ({ inputs, shape }) => {
  const [images = 0] = shape;
  const sizes = inputs.map(({ data }) => data.length / images);
  const total = sizes.reduce((a, b) => a + b, 0);
  const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((a, b) => a + b, 0));
  const output = zeros64(shape);
  inputs.forEach(({ data }, k) =>
    data.forEach((v, i) => {
      const size = sizes[k]!;
      output.data[Math.floor(i / size) * total + starts[k]! + (i % size)] = v;
    }),
  );
  return {
    output,
    backward: (dy) => ({
      inputs: inputs.map(({ data }, k) =>
        data.map((_, i) => dy[Math.floor(i / sizes[k]!) * total + starts[k]! + (i % sizes[k]!)]!),
      ),
    }),
  };
};

/** Channels times `weight`. */
export const scale: ReferenceOp<'scale'> = ({ inputs, shape, tensors }) => {
  const x = inputs[0]!;
  const weight = tensors['weight']!;
  const channelOf = (i: number) => Math.floor(i / areaOf(shape)) % weight.length;
  return {
    output: { shape, data: x.data.map((v, i) => v * weight[channelOf(i)]!) },
    backward(dy) {
      const dw = new Float64Array(weight.length);
      dy.forEach((g, i) => (dw[channelOf(i)]! += g * x.data[i]!));
      return { inputs: [dy.map((g, i) => g * weight[channelOf(i)]!)], tensors: { weight: dw } };
    },
  };
};

/** (x / 255 − mean) / std per channel. */
export const normalize: ReferenceOp<'normalize'> = ({ attrs, inputs, shape }) => {
  const channelOf = (i: number) => Math.floor(i / areaOf(shape)) % attrs.mean.length;
  const { data } = inputs[0]!;
  return {
    output: {
      shape,
      data: data.map((v, i) => (v / 255 - attrs.mean[channelOf(i)]!) / attrs.std[channelOf(i)]!),
    },
    backward: (dy) => ({ inputs: [dy.map((g, i) => g / 255 / attrs.std[channelOf(i)]!)] }),
  };
};

/** The same values as one vector. */
export const flatten: ReferenceOp<'flatten'> = ({ inputs, shape }) => ({
  output: { shape, data: inputs[0]!.data },
  backward: (dy) => ({ inputs: [dy] }),
});
