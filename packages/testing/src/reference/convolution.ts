// Names: x_NCHW input, w_OIHW kernel (I = channels per group), y_NOHW output; d… gradient of the loss by ….
import type { ReferenceOp } from './reference-op.js';
import { zeros64 } from './tensor64.js';

/** y[n, o, y, x] = bias[o] + Σ weight[o, i, dy, dx] · x[n, g(o) + i, y·s + dy·d − p, x·s + dx·d − p]. */
export const convolution: ReferenceOp<'conv2d'> = ({ attrs, inputs, shape, tensors }) => {
  const x_NCHW = inputs[0]!;
  const w_OIHW = tensors['weight']!;
  const [, channels = 0, height = 0, width = 0] = x_NCHW.shape;
  const [images = 0, outs = 0, outHeight = 0, outWidth = 0] = shape;
  const perGroup = channels / attrs.groups;
  const outsPerGroup = outs / attrs.groups;
  const [kh, kw] = attrs.kernel;

  /** Calls `visit` with the flat indices of every product in the sum above. */
  const eachProduct = (visit: (y: number, w: number, x: number) => void): void => {
    for (let n = 0; n < images; n++)
      for (let o = 0; o < outs; o++)
        for (let i = 0; i < perGroup; i++)
          for (let dy = 0; dy < kh; dy++)
            for (let dx = 0; dx < kw; dx++) {
              const channel = Math.floor(o / outsPerGroup) * perGroup + i;
              const w = ((o * perGroup + i) * kh + dy) * kw + dx;
              for (let oy = 0; oy < outHeight; oy++) {
                const iy = oy * attrs.stride[0] + dy * attrs.dilation[0] - attrs.padding[0];
                if (iy < 0 || iy >= height) continue;
                for (let ox = 0; ox < outWidth; ox++) {
                  const ix = ox * attrs.stride[1] + dx * attrs.dilation[1] - attrs.padding[1];
                  if (ix < 0 || ix >= width) continue;
                  const y = ((n * outs + o) * outHeight + oy) * outWidth + ox;
                  visit(y, w, ((n * channels + channel) * height + iy) * width + ix);
                }
              }
            }
  };

  const y_NOHW = zeros64(shape);
  const plane = outHeight * outWidth;
  const channelOf = (index: number) => Math.floor(index / plane) % outs;
  const bias = tensors['bias'];
  if (bias) y_NOHW.data.forEach((_, index) => (y_NOHW.data[index] = bias[channelOf(index)]!));
  eachProduct((y, w, x) => (y_NOHW.data[y]! += w_OIHW[w]! * x_NCHW.data[x]!));
  return {
    output: y_NOHW,
    backward(dy) {
      const dx = new Float64Array(x_NCHW.data.length);
      const dw = new Float64Array(w_OIHW.length);
      const db = new Float64Array(outs);
      eachProduct((y, w, x) => {
        dx[x]! += w_OIHW[w]! * dy[y]!;
        dw[w]! += x_NCHW.data[x]! * dy[y]!;
      });
      dy.forEach((value, index) => (db[channelOf(index)]! += value));
      return { inputs: [dx], tensors: { weight: dw, ...(bias ? { bias: db } : {}) } };
    },
  };
};
