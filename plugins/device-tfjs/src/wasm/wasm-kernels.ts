import type { KernelSet } from '@refold/tfjs';
import { filterGradientByConvolution, inputGradientByConvolution } from '@refold/tfjs';
import {
  ones,
  matMul,
  reshape,
  transpose,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';

/**
 * What tfjs's wasm backend does better another way (benchmarks/wasm-kernels.mjs has the figures): its convolution
 * runs in XNNPACK at full speed, its input-gradient kernel and transposed products in plain loops.
 */
export const wasmKernels: Partial<KernelSet> = {
  convolutionInputGradient: inputGradientByConvolution,
  convolutionFilterGradient(x, dy, filterShape, geometry) {
    const [kh, kw, inChannels, outChannels] = filterShape;
    const isPointwise =
      kh * kw * geometry.stride[0] * geometry.stride[1] === 1 &&
      geometry.padding[0] + geometry.padding[1] === 0;
    if (!isPointwise) return filterGradientByConvolution(x, dy, filterShape, geometry);
    const gradient = product(transpose(rows(x)), rows(dy));
    return reshape(gradient, [1, 1, inChannels, outChannels]);
  },
  // Its product is XNNPACK's only without transpositions.
  matMul: (a, b, transposeA, transposeB) =>
    product(transposeA ? transpose(a) : a, transposeB ? transpose(b) : b),
  // A row of ones times the rows: `sum` would transpose and add in a plain loop.
  channelSum(x) {
    const all = rows(x);
    return reshape(product(ones([1, all.shape[0]]), all), [all.shape[1]]) as Tensor1D;
  },
};

const product = (a: Tensor2D, b: Tensor2D) => matMul(a, b) as Tensor2D;

function rows(x: Tensor): Tensor2D {
  const channels = x.shape[x.shape.length - 1] ?? 1;
  return reshape(x, [x.size / channels, channels]);
}
