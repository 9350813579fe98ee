import { reverse, transpose, type Tensor4D } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry, KernelSet, Shape4D } from './kernel-set.js';
import { explicitPadding, hasKernel, nativeKernel } from './native-kernel.js';
import { insertZeros, padOrCrop } from './zero-insertion.js';

type Sides = readonly [number, number];

/**
 * Dense convolution and its gradients by tfjs kernels where the backend has them, else by forward convolutions.
 * Legend: x `[N, H, W, I]`, dy `[N, OH, OW, O]`, filter `[kh, kw, I, O]`; s stride, p padding, d dilation.
 */
export const convolutionKernels: Pick<
  KernelSet,
  'convolution' | 'convolutionInputGradient' | 'convolutionFilterGradient'
> = {
  convolution(x, filter, { stride, padding, dilation }) {
    const [py, px] = padding;
    return correlate(x, filter, stride, dilation, [py, py], [px, px]);
  },
  convolutionInputGradient(dy, filter, inputShape, geometry) {
    if (hasKernel('Conv2DBackpropInput') && undilated(geometry)) {
      const { strides, pad } = kernelAttributes(geometry);
      const attrs = { strides, pad, dataFormat: 'NHWC', inputShape };
      return nativeKernel<Tensor4D>('Conv2DBackpropInput', { dy, filter }, attrs);
    }
    return inputGradientByConvolution(dy, filter, inputShape, geometry);
  },
  convolutionFilterGradient(x, dy, filterShape, geometry) {
    if (hasKernel('Conv2DBackpropFilter') && undilated(geometry)) {
      const { strides, pad } = kernelAttributes(geometry);
      const attrs = { strides, pad, dataFormat: 'NHWC', filterShape };
      return nativeKernel<Tensor4D>('Conv2DBackpropFilter', { x, dy }, attrs);
    }
    return filterGradientByConvolution(x, dy, filterShape, geometry);
  },
};

/**
 * dx = dy, spread out by the stride, convolved with the filter turned by 180° and with I and O exchanged:
 * dx[y] = Σ_k dy[(y + p − k·d) / s] · filter[k].
 */
export function inputGradientByConvolution(
  dy: Tensor4D,
  filter: Tensor4D,
  [, height, width]: Shape4D,
  { stride, padding, dilation }: ConvolutionGeometry,
): Tensor4D {
  const [kh, kw] = filter.shape;
  const turned = transpose(kh * kw === 1 ? filter : reverse(filter, [0, 1]), [0, 1, 3, 2]);
  const spread = insertZeros(dy, stride);
  const around = (size: number, spreadSize: number, k: number, p: number, d: number): Sides => {
    const before = d * (k - 1) - p;
    return [before, size - spreadSize - before + d * (k - 1)];
  };
  const rows = around(height, spread.shape[1], kh, padding[0], dilation[0]);
  const columns = around(width, spread.shape[2], kw, padding[1], dilation[1]);
  const negative = [...rows, ...columns].some((side) => side < 0);
  const image = negative ? padOrCrop(spread, rows, columns) : spread;
  const zero: Sides = [0, 0];
  const pads: [Sides, Sides] = negative ? [zero, zero] : [rows, columns];
  return correlate(image, turned, [1, 1], dilation, ...pads);
}

/**
 * d filter as a convolution with samples and channels exchanged: x as `[I, H, W, N]` is the image and dy as
 * `[OH, OW, N, O]` the filter; taps lie a dilation apart (its stride), outputs of dy a stride apart (its dilation).
 */
export function filterGradientByConvolution(
  x: Tensor4D,
  dy: Tensor4D,
  [kh, kw]: Shape4D,
  { stride, padding, dilation }: ConvolutionGeometry,
): Tensor4D {
  const [, height, width] = x.shape;
  const [, outHeight, outWidth] = dy.shape;
  const image_IHWN = transpose(x, [3, 1, 2, 0]);
  const taps_HWNO = transpose(dy, [1, 2, 0, 3]);
  // Rows that no tap reads are left out, so that the result has exactly kh × kw places.
  const after = (size: number, out: number, k: number, s: number, p: number, d: number) =>
    (out - 1) * s + (k - 1) * d + 1 - size - p;
  const rows: Sides = [
    padding[0],
    after(height, outHeight, kh, stride[0], padding[0], dilation[0]),
  ];
  const columns: Sides = [
    padding[1],
    after(width, outWidth, kw, stride[1], padding[1], dilation[1]),
  ];
  const negative = rows[1] < 0 || columns[1] < 0;
  const cropped = negative
    ? padOrCrop(image_IHWN, [0, Math.min(0, rows[1])], [0, Math.min(0, columns[1])])
    : image_IHWN;
  const gradient_IHWO = correlate(
    cropped,
    taps_HWNO,
    dilation,
    stride,
    [rows[0], Math.max(0, rows[1])],
    [columns[0], Math.max(0, columns[1])],
  );
  return transpose(gradient_IHWO, [1, 2, 0, 3]);
}

function correlate(
  x: Tensor4D,
  filter: Tensor4D,
  strides: readonly [number, number],
  dilations: readonly [number, number],
  rows: Sides,
  columns: Sides,
): Tensor4D {
  const attrs = {
    strides: [...strides],
    dilations: [...dilations],
    pad: explicitPadding(rows, columns),
    dataFormat: 'NHWC',
  };
  return nativeKernel<Tensor4D>('Conv2D', { x, filter }, attrs);
}

function kernelAttributes({ stride, padding: [py, px] }: ConvolutionGeometry) {
  return { strides: [...stride], pad: explicitPadding([py, py], [px, px]) as never };
}

/** tfjs's gradient kernels know no dilation. */
function undilated({ dilation }: ConvolutionGeometry): boolean {
  return dilation[0] === 1 && dilation[1] === 1;
}
