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
  const taps = rows.length * columns.length;
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
      let planes = 0;
      for (let i = 0; i < groupIn; i += planes) {
        planes = groupIn - i >= 4 ? 4 : 1;
        const inStart = (firstIn + i) * inPlane;
        let tap = (o * groupIn + i) * taps;
        for (const row of rows) {
          for (const column of columns) {
            const a = kernel_OIHW[tap]!;
            const b = planes === 4 ? kernel_OIHW[tap + taps]! : 0;
            const c = planes === 4 ? kernel_OIHW[tap + 2 * taps]! : 0;
            const d = planes === 4 ? kernel_OIHW[tap + 3 * taps]! : 0;
            tap++;
            for (let oy = row.from; oy < row.to; oy++) {
              const to = outStart + oy * outWidth;
              const from = inStart + (oy * strideY + row.offset) * width + column.offset;
              if (planes === 4) {
                addFourRows(y, to, x!.data, from, inPlane, strideX, column, a, b, c, d);
              } else {
                addRow(y, to, x!.data, from, strideX, column, a);
              }
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
  { from, to }: Reach,
  a: number,
): void {
  for (let i = from; i < to; i++) y[yStart + i]! += a * x[xStart + i * stride]!;
}

/** The rows of four planes at once: the output row is read and written a quarter as often. */
function addFourRows(
  y: Float64Array,
  yStart: number,
  x: Float64Array,
  xStart: number,
  plane: number,
  stride: number,
  { from, to }: Reach,
  a: number,
  b: number,
  c: number,
  d: number,
): void {
  for (let i = from; i < to; i++) {
    const at = xStart + i * stride;
    y[yStart + i]! +=
      a * x[at]! + b * x[at + plane]! + c * x[at + 2 * plane]! + d * x[at + 3 * plane]!;
  }
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
