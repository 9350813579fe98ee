import type { PoolAttrs } from '../op-attrs.js';
import type { Float64Tensor, Kernel, KernelCall } from './kernel.js';

/** Goes over every window: its values, without the padding, are folded from `start` and then finished. */
function pool(
  { attrs, inputs: [x], batch, shape }: KernelCall<'max_pool'> | KernelCall<'avg_pool'>,
  start: number,
  fold: (sum: number, value: number) => number,
  finish: (sum: number, values: number) => number,
): Float64Array {
  const { kernel, stride, padding }: PoolAttrs = attrs;
  const [, channels = 0, height = 0, width = 0] = x!.shape;
  const [, outHeight = 0, outWidth = 0] = shape;
  const y = new Float64Array(batch * channels * outHeight * outWidth);
  let at = 0;
  for (let p = 0; p < batch * channels; p++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const [top, bottom] = window(oy, kernel[0], stride[0], padding[0], height);
      for (let ox = 0; ox < outWidth; ox++) {
        const [left, right] = window(ox, kernel[1], stride[1], padding[1], width);
        let folded = start;
        for (let row = top; row < bottom; row++) {
          const rowStart = (p * height + row) * width;
          for (let i = rowStart + left; i < rowStart + right; i++)
            folded = fold(folded, x!.data[i]!);
        }
        y[at++] = finish(folded, (bottom - top) * (right - left));
      }
    }
  }
  return y;
}

/** First and past-the-last index of a window within the image. */
function window(out: number, kernel: number, stride: number, padding: number, size: number) {
  const start = out * stride - padding;
  return [Math.max(0, start), Math.min(size, start + kernel)] as const;
}

export const maxPool: Kernel<'max_pool'> = (call) =>
  pool(call, -Infinity, Math.max, (largest) => largest);

export const avgPool: Kernel<'avg_pool'> = (call) => {
  const { countIncludePad, kernel } = call.attrs;
  const add = (sum: number, value: number) => sum + value;
  return countIncludePad
    ? pool(call, 0, add, (sum) => sum / (kernel[0] * kernel[1]))
    : pool(call, 0, add, (sum, values) => sum / values);
};

export const globalAvgPool: Kernel<'global_avg_pool'> = ({ inputs: [x] }) => {
  const [batch = 0, channels = 0] = x!.shape;
  return Float64Array.from({ length: batch * channels }, (_, p) => meanOfPlane(x!, p));
};

function meanOfPlane({ shape, data }: Float64Tensor, index: number): number {
  const plane = shape[2]! * shape[3]!;
  let sum = 0;
  for (let i = index * plane; i < (index + 1) * plane; i++) sum += data[i]!;
  return sum / plane;
}
