import type { KernelSet } from '@refold/tfjs';
import { factorNearSquareRoot, portableKernels } from '@refold/tfjs';
import {
  add,
  avgPool,
  div,
  matMul,
  mul,
  reshape,
  step,
  sub,
  transpose,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { wasmConvolution } from './wasm-convolution.js';

const portable = portableKernels();

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
  maxPoolGradient,
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

const product = (a: Tensor2D, b: Tensor2D) => matMul<Tensor2D>(a, b);

/**
 * The backend keeps one packed right-hand side per buffer, whatever the shape: a transposition that moves nothing
 * shares the buffer, and would be multiplied in its old shape.
 */
function transposedCopy(b: Tensor2D): Tensor2D {
  return transpose(Math.min(...b.shape) === 1 ? mul(b, 1) : b);
}

/**
 * The backend's kernel looks for values above the smallest positive float, so it misses the place in windows whose
 * largest value is not positive. Those get a second pass over 1 / (tiny − x), which grows with x and is positive
 * where x is not.
 */
function maxPoolGradient(
  ...[dy, x, y, window]: Parameters<KernelSet['maxPoolGradient']>
): Tensor4D {
  const dPositive = mul<Tensor4D>(dy, step(y));
  const dOther = sub<Tensor4D>(dy, dPositive);
  const lifted = div<Tensor4D>(1, sub(1e-30, x));
  return add(
    portable.maxPoolGradient(dPositive, x, y, window),
    portable.maxPoolGradient(dOther, lifted, y, window),
  );
}
