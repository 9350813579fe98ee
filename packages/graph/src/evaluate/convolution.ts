import { sizeOf } from '../tensor.js';
import type { Kernel } from './kernel.js';

/** Where a kernel tap meets the input on one axis: outputs `from` ≤ o < `to` read input `o · stride + offset`. */
interface Reach {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/**
 * Cross-correlation by shifted rows: for every kernel tap a multiple of each input row is added to an output row.
 * Outputs that a tap would read from the padding are left out, so zeros are never touched.
 */
export const conv2d: Kernel<'conv2d'> = ({ attrs, inputs: [x], batch, shape, weight }) => {
  const { groups } = attrs;
  const [, channels, ...inSize] = x!.shape as [number, number, number, number];
  const [outChannels, ...outSize] = shape as [number, number, number];
  // A plain 1×1 sees each plane as one long row.
  const plain = sizeOf([...attrs.kernel, ...attrs.stride]) === 1;
  const flat = plain && attrs.padding[0] + attrs.padding[1] === 0;
  const [height, width] = flat ? [1, sizeOf(inSize)] : inSize;
  const [outHeight, outWidth] = flat ? [1, sizeOf(outSize)] : outSize;
  const rows = reaches(attrs, 0, height, outHeight);
  const columns = reaches(attrs, 1, width, outWidth);
  const [strideY, strideX] = attrs.stride;
  const [inPlane, outPlane] = [height * width, outHeight * outWidth];
  const [groupIn, groupOut] = [channels / groups, outChannels / groups];

  const kernel_OIHW = weight('weight');
  const y = new Float64Array(batch * outChannels * outPlane);
  if (attrs.bias) {
    const bias = weight('bias');
    for (let p = 0; p < batch * outChannels; p++) {
      y.fill(bias[p % outChannels]!, p * outPlane, (p + 1) * outPlane);
    }
  }
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outChannels; o++) {
      const outStart = (n * outChannels + o) * outPlane;
      const firstIn = n * channels + Math.floor(o / groupOut) * groupIn;
      let tap = o * groupIn * rows.length * columns.length;
      for (let i = 0; i < groupIn; i++) {
        const inStart = (firstIn + i) * inPlane;
        for (const row of rows) {
          for (const column of columns) {
            const factor = kernel_OIHW[tap++]!;
            for (let oy = row.from; oy < row.to; oy++) {
              const to = outStart + oy * outWidth;
              const from = inStart + (oy * strideY + row.offset) * width + column.offset;
              addRow(y, to, x!.data, from, strideX, column.from, column.to, factor);
            }
          }
        }
      }
    }
  }
  return y;
};

function addRow(
  y: Float64Array,
  yStart: number,
  x: Float64Array,
  xStart: number,
  stride: number,
  from: number,
  to: number,
  factor: number,
): void {
  for (let i = from; i < to; i++) y[yStart + i]! += factor * x[xStart + i * stride]!;
}

/** The reach of every tap on an axis (0 vertical, 1 horizontal). */
function reaches(
  {
    kernel,
    stride,
    padding,
    dilation,
  }: Readonly<Record<'kernel' | 'stride' | 'padding' | 'dilation', readonly [number, number]>>,
  axis: 0 | 1,
  size: number,
  outSize: number,
): readonly Reach[] {
  return Array.from({ length: kernel[axis] }, (_, tap) => {
    const offset = tap * dilation[axis] - padding[axis];
    return {
      offset,
      from: Math.max(0, Math.ceil(-offset / stride[axis])),
      to: Math.min(outSize, Math.floor((size - 1 - offset) / stride[axis]) + 1),
    };
  });
}
