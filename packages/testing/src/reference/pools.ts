import type { PoolAttrs } from '@refold/graph';
import type { OpCall, ReferenceOp } from './reference-op.js';
import { zeros64, type Tensor64 } from './tensor64.js';

/** Calls `visit` with every output index and the input indices in its window that are not padding. */
function eachWindow(
  { kernel, stride, padding }: PoolAttrs,
  x: Tensor64,
  [images = 0, channels = 0, outHeight = 0, outWidth = 0]: readonly number[],
  visit: (y: number, window: readonly number[]) => void,
): void {
  const [, , height = 0, width = 0] = x.shape;
  for (let plane = 0; plane < images * channels; plane++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        const window: number[] = [];
        for (let dy = 0; dy < kernel[0]; dy++)
          for (let dx = 0; dx < kernel[1]; dx++) {
            const iy = oy * stride[0] + dy - padding[0];
            const ix = ox * stride[1] + dx - padding[1];
            if (iy >= 0 && iy < height && ix >= 0 && ix < width)
              window.push((plane * height + iy) * width + ix);
          }
        visit((plane * outHeight + oy) * outWidth + ox, window);
      }
}

export const avgPool: ReferenceOp<'avg_pool'> = ({ attrs, inputs, shape }) => {
  const x = inputs[0]!;
  const divisor = (window: readonly number[]) =>
    attrs.countIncludePad ? attrs.kernel[0] * attrs.kernel[1] : window.length;
  const output = zeros64(shape);
  eachWindow(attrs, x, shape, (y, window) => {
    for (const i of window) output.data[y]! += x.data[i]! / divisor(window);
  });
  return {
    output,
    backward(dy) {
      const dx = new Float64Array(x.data.length);
      eachWindow(attrs, x, shape, (y, window) => {
        for (const i of window) dx[i]! += dy[y]! / divisor(window);
      });
      return { inputs: [dx] };
    },
  };
};

export const maxPool: ReferenceOp<'max_pool'> = ({ attrs, inputs, shape }) => {
  const x = inputs[0]!;
  const output = zeros64(shape);
  const winners = new Int32Array(output.data.length);
  eachWindow(attrs, x, shape, (y, window) => {
    const winner = window.reduce((best, i) => (x.data[i]! > x.data[best]! ? i : best));
    winners[y] = winner;
    output.data[y] = x.data[winner]!;
  });
  return {
    output,
    backward(dy) {
      const dx = new Float64Array(x.data.length);
      dy.forEach((g, y) => (dx[winners[y]!]! += g));
      return { inputs: [dx] };
    },
  };
};

export const globalAvgPool: ReferenceOp<'global_avg_pool'> = (call) => {
  const [, , height = 0, width = 0] = call.inputs[0]!.shape;
  const kernel = [height, width] as const;
  const attrs = { kernel, stride: kernel, padding: [0, 0] as const, countIncludePad: true };
  const whole: OpCall<'avg_pool'> = { ...call, attrs };
  return avgPool(whole);
};
