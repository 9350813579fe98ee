import type { KernelSet } from '@refold/tfjs';
import { factorNearSquareRoot } from '@refold/tfjs';
import {
  avgPool,
  matMul,
  mul,
  reshape,
  transpose,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { wasmConvolution } from './wasm-convolution.js';

/**
 * What tfjs's wasm backend does better another way (benchmarks/wasm-kernels.mjs has the figures): its convolution
 * runs in XNNPACK at full speed, its input-gradient kernel and transposed products in plain loops.
 */
export const wasmKernels: Partial<KernelSet> = {
  ...wasmConvolution,
  // Its product is XNNPACK's only without transpositions.
  matMul: (a, b, transposeA, transposeB) =>
    product(transposeA ? transpose(a) : a, transposeB ? transposedCopy(b) : b),
  channelSum,
};

/**
 * Means over windows, times their size: `sum` would transpose and add in a plain loop. In two stages, √rows each,
 * as long chains of float32 additions lose digits that the gradients of batch normalisation need.
 */
function channelSum(x: Tensor): Tensor1D {
  const channels = x.shape[x.shape.length - 1] ?? 1;
  const count = x.size / channels;
  const stages = factorNearSquareRoot(count);
  const partial = windowMean(reshape(x, [stages, count / stages, 1, channels]));
  const mean = windowMean(reshape(partial, [1, stages, 1, channels]));
  return reshape(mul(mean, count), [channels]);
}

/** `[N, H, 1, C]` → `[N, 1, 1, C]`; XNNPACK refuses a window of one. */
function windowMean(x: Tensor4D): Tensor4D {
  return x.shape[1] === 1 ? x : avgPool(x, [x.shape[1], 1], 1, 'valid');
}

const product = (a: Tensor2D, b: Tensor2D) => matMul(a, b) as Tensor2D;

/**
 * The backend keeps one packed right-hand side per buffer, whatever the shape: a transposition that moves nothing
 * shares the buffer, and would be multiplied in its old shape.
 */
function transposedCopy(b: Tensor2D): Tensor2D {
  return transpose(Math.min(...b.shape) === 1 ? mul(b, 1) : b);
}
