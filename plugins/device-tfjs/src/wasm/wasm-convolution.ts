import type { Pair } from '@refold/graph';
import {
  explicitPadding,
  filterGradientByConvolution,
  inputGradientByConvolution,
  insertZeros,
  padOrCrop,
  type ConvolutionGeometry,
  type KernelSet,
  type Shape4D,
} from '@refold/tfjs';
import {
  conv2d,
  matMul,
  reshape,
  slice,
  tensor2d,
  transpose,
  type Rank,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';

/**
 * Gradients of convolutions by the backend's forward convolution and product, which run in XNNPACK; its own
 * input-gradient kernel runs in plain loops and it has none for filters. benchmarks/wasm-kernels.mjs compares.
 * Legend: x `[N, H, W, I]`, dy `[N, OH, OW, O]`, filter `[kh, kw, I, O]`.
 */
export const wasmConvolution: Pick<
  KernelSet,
  'convolutionInputGradient' | 'convolutionFilterGradient'
> = {
  convolutionInputGradient(dy, filter, inputShape, geometry) {
    if (isPointwise(filter.shape, geometry)) {
      const small = conv2d(dy, transpose(filter, [0, 1, 3, 2]), 1, 'valid');
      return fit(insertZeros(small, geometry.stride), inputShape);
    }
    if (geometry.dilation[0] * geometry.dilation[1] > 1) {
      return inputGradientByConvolution(dy, filter, inputShape, geometry);
    }
    return inputGradientByPhases(dy, filter, inputShape, geometry);
  },
  convolutionFilterGradient(x, dy, filterShape, geometry) {
    if (!isPointwise(filterShape, geometry)) {
      return filterGradientByConvolution(x, dy, filterShape, geometry);
    }
    const seen = everyOther(x, geometry.stride, dy.shape);
    const rows_PI = reshape<Rank.R2>(seen, [-1, x.shape[3]]);
    const gradient_IO = matMul(transpose(rows_PI), reshape(dy, [-1, dy.shape[3]]));
    return reshape(gradient_IO, filterShape);
  },
};

/**
 * With stride s, the pixels of dx fall into s × s phases by their place modulo s, and each phase is a convolution
 * of dy with some of the filter's taps. All phases are one convolution with s · s · I output channels, which are
 * then laid side by side: no multiplication is with a zero put between pixels. Stride 1 is the case of one phase.
 *
 * dx[s·a + r] = Σ_j dy[a + j] · filter[r + p − s·j], for each axis.
 */
function inputGradientByPhases(
  dy: Tensor4D,
  filter: Tensor4D,
  inputShape: Shape4D,
  { stride, padding }: ConvolutionGeometry,
): Tensor4D {
  const [kh, kw, inChannels, outChannels] = filter.shape;
  const [n, height, width] = inputShape;
  const [rows, columns] = [
    phaseTaps(kh, stride[0], padding[0]),
    phaseTaps(kw, stride[1], padding[1]),
  ];
  const [th, tw] = [rows.count, columns.count];
  const chosen = selection(rows.taps, columns.taps, kw, kh * kw);
  const taps = matMul(chosen, reshape(filter, [kh * kw, inChannels * outChannels]));
  const [sh, sw] = stride;
  const phases = transpose(
    reshape(taps, [th * tw, sh * sw, inChannels, outChannels]),
    [0, 3, 1, 2],
  );
  const phaseFilter = reshape<Rank.R4>(phases, [th, tw, outChannels, sh * sw * inChannels]);
  const [ah, aw] = [Math.ceil(height / sh), Math.ceil(width / sw)];
  const framed = framing(dy, [ah, aw], [rows.first, columns.first], [th, tw]);
  const together = conv2d(framed.image, phaseFilter, 1, framed.padding);
  if (sh * sw === 1) return together;
  const aside = transpose(reshape(together, [n * ah, aw, sh, sw * inChannels]), [0, 2, 1, 3]);
  return fit(reshape(aside, [n, ah * sh, aw * sw, inChannels]), inputShape);
}

/** For each offset j (from `first`, `count` of them) and phase r of one axis: the filter's tap, or −1. */
function phaseTaps(k: number, s: number, p: number) {
  const tap = (j: number, r: number) => {
    const index = r + p - s * j;
    return index >= 0 && index < k ? index : -1;
  };
  const first = Math.ceil((p - k + 1) / s);
  const last = Math.floor((s - 1 + p) / s);
  const count = last - first + 1;
  const taps = Array.from({ length: count }, (_, i) =>
    Array.from({ length: s }, (_phase, r) => tap(first + i, r)),
  );
  return { first, count, taps };
}

/** A matrix of zeros and ones that picks taps: rows (row offset, column offset, row phase, column phase). */
function selection(rows: number[][], columns: number[][], kw: number, taps: number): Tensor2D {
  const picks = rows.flatMap((phasesY) =>
    columns.flatMap((phasesX) => phasesY.flatMap((ky) => phasesX.map((kx) => [ky, kx] as const))),
  );
  const values = new Float32Array(picks.length * taps);
  picks.forEach(([ky, kx], row) => {
    if (ky >= 0 && kx >= 0) values[row * taps + ky * kw + kx] = 1;
  });
  return tensor2d(values, [picks.length, taps]);
}

/** dy with the frame that makes `count` taps from `first` on give `size` results: by the kernel where it only adds. */
function framing(dy: Tensor4D, size: Pair, first: Pair, count: Pair) {
  const sides = (axis: 0 | 1): Pair => {
    const before = -first[axis];
    return [before, size[axis] + count[axis] - 1 - (dy.shape[axis + 1] ?? 0) - before];
  };
  const [rows, columns] = [sides(0), sides(1)];
  if ([...rows, ...columns].every((side) => side >= 0)) {
    return { image: dy, padding: explicitPadding(rows, columns) as never };
  }
  return { image: padOrCrop(dy, rows, columns), padding: 'valid' as const };
}

function isPointwise([kh, kw]: Shape4D, { padding }: ConvolutionGeometry): boolean {
  return kh * kw === 1 && padding[0] + padding[1] === 0;
}

/** The pixels that a 1 × 1 filter with a stride sees, as a slice of cells: strided slices are slow here. */
function everyOther(x: Tensor4D, [sh, sw]: Pair, [, oh, ow]: Shape4D): Tensor4D {
  if (sh * sw === 1) return x;
  const [n, , , channels] = x.shape;
  const whole = fit(x, [n, oh * sh, ow * sw, channels]);
  const cells = reshape(whole, [n * oh, sh, ow, sw * channels]);
  return slice(cells, [0, 0, 0, 0], [n * oh, 1, ow, channels]) as Tensor4D;
}

/** Cuts or zero-fills at the bottom and right. */
function fit(x: Tensor4D, [, height, width]: Shape4D): Tensor4D {
  return padOrCrop(x, [0, height - x.shape[1]], [0, width - x.shape[2]]);
}
