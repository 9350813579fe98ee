import {
  add,
  concat,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  stridedSlice,
  tile,
  type Rank,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry, KernelSet, Shape4D } from './kernel-set.js';
import { explicitPadding, hasKernel, nativeKernel } from './native-kernel.js';
import { insertZeros, padOrCrop } from './zero-insertion.js';

type DepthwiseKernels = Pick<
  KernelSet,
  'depthwise' | 'depthwiseInputGradient' | 'depthwiseFilterGradient'
>;

/**
 * Depthwise convolution and its gradients by tfjs kernels where the backend has them, else by forward ones.
 * Legend: x `[N, H, W, C]`, dy `[N, OH, OW, C·M]`, filter `[kh, kw, C, M]`.
 */
export function depthwiseKernels(channelSum: KernelSet['channelSum']): DepthwiseKernels {
  return {
    depthwise(x, filter, { stride, padding: [py, px], dilation }) {
      return correlateDepthwise(x, filter, stride, dilation, [py, py], [px, px]);
    },
    depthwiseInputGradient(dy, filter, inputShape, geometry) {
      const name = 'DepthwiseConv2dNativeBackpropInput';
      if (!hasKernel(name) || isDilated(geometry)) {
        return depthwiseInputByConvolution(dy, filter, inputShape, geometry);
      }
      const attrs = { ...kernelAttributes(geometry), inputShape };
      return nativeKernel<Tensor4D>(name, { dy, filter }, attrs);
    },
    depthwiseFilterGradient(x, dy, filterShape, geometry) {
      const name = 'DepthwiseConv2dNativeBackpropFilter';
      if (!hasKernel(name) || isDilated(geometry)) {
        return depthwiseFilterByTaps(x, dy, filterShape, geometry, channelSum);
      }
      const attrs = { ...kernelAttributes(geometry), filterShape };
      return nativeKernel<Tensor4D>(name, { x, dy }, attrs);
    },
  };
}

/** As for dense convolutions, one multiplier after the other; their contributions add. */
export function depthwiseInputByConvolution(
  dy: Tensor4D,
  filter: Tensor4D,
  [, height, width]: Shape4D,
  { stride, padding, dilation }: ConvolutionGeometry,
): Tensor4D {
  const [kh, kw, channels, multiplier] = filter.shape;
  const turned = reverse(filter, [0, 1]);
  const parts = Array.from({ length: multiplier }, (_, m) => {
    const spread = insertZeros(channelsOfMultiplier(dy, channels, multiplier, m), stride);
    const top = dilation[0] * (kh - 1) - padding[0];
    const left = dilation[1] * (kw - 1) - padding[1];
    const framed = padOrCrop(
      spread,
      [top, height - spread.shape[1] - top + dilation[0] * (kh - 1)],
      [left, width - spread.shape[2] - left + dilation[1] * (kw - 1)],
    );
    const filterOfM = slice(turned, [0, 0, 0, m], [kh, kw, channels, 1]);
    return correlateDepthwise(framed, filterOfM, [1, 1], dilation, [0, 0], [0, 0]);
  });
  return parts.reduce((total, part) => add(total, part));
}

/** d filter[ky, kx, c, m] = Σ x[.., y·s + ky·d, x·s + kx·d, c] · dy[.., y, x, c·M + m]: one product and sum per tap. */
export function depthwiseFilterByTaps(
  x: Tensor4D,
  dy: Tensor4D,
  [kh, kw, channels, multiplier]: Shape4D,
  { stride, padding: [py, px], dilation }: ConvolutionGeometry,
  channelSum: KernelSet['channelSum'],
): Tensor4D {
  const [n, oh, ow] = dy.shape;
  const framed = pad(x, explicitPadding([py, py], [px, px]));
  const taps = [];
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const from = [0, ky * dilation[0], kx * dilation[1], 0];
      const size = [n, (oh - 1) * stride[0] + 1, (ow - 1) * stride[1] + 1, channels];
      const seen =
        stride[0] * stride[1] === 1
          ? slice(framed, from as Shape4D, size as Shape4D)
          : stridedSlice(
              framed,
              from,
              from.map((start, axis) => start + (size[axis] ?? 0)),
              [1, ...stride, 1],
            );
      const spread =
        multiplier === 1
          ? seen
          : tile(reshape(seen, [n * oh * ow, channels, 1]), [1, 1, multiplier]);
      const products = mul(reshape(spread, dy.shape), dy);
      taps.push(reshape(channelSum(products), [1, channels, multiplier]));
    }
  }
  return reshape(concat(taps, 0), [kh, kw, channels, multiplier]);
}

function channelsOfMultiplier(dy: Tensor4D, channels: number, multiplier: number, m: number) {
  if (multiplier === 1) return dy;
  const [n, oh, ow] = dy.shape;
  const separate = reshape(dy, [n * oh * ow, channels, multiplier]);
  return reshape<Rank.R4>(slice(separate, [0, 0, m], [-1, -1, 1]), [n, oh, ow, channels]);
}

function correlateDepthwise(
  x: Tensor4D,
  filter: Tensor4D,
  strides: readonly [number, number],
  dilations: readonly [number, number],
  rows: readonly [number, number],
  columns: readonly [number, number],
): Tensor4D {
  const attrs = {
    strides: [...strides],
    dilations: [...dilations],
    pad: explicitPadding(rows, columns),
  };
  return nativeKernel<Tensor4D>('DepthwiseConv2dNative', { x, filter }, attrs);
}

function kernelAttributes({ stride, padding: [py, px], dilation }: ConvolutionGeometry) {
  return {
    strides: [...stride],
    dilations: [...dilation],
    pad: explicitPadding([py, py], [px, px]) as never,
  };
}

/** Gradient kernels take the attribute and pass it over. */
function isDilated({ dilation }: ConvolutionGeometry): boolean {
  return dilation[0] * dilation[1] > 1;
}
