import { reshape, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

/**
 * Σ over all axes but the last → `[channels]`, as sums of sums with about √count terms each: long chains of
 * float32 additions lose digits that the gradients of batch normalisation need.
 */
export function channelSum(x: Tensor): Tensor1D {
  const channels = x.shape[x.shape.length - 1] ?? 1;
  const count = x.size / channels;
  const stages = factorNearSquareRoot(count);
  const partial = sum(reshape(x, [stages, x.size / stages]), 0);
  return sum(reshape(partial, [count / stages, channels]), 0);
}

/** Largest divisor of n up to √n. */
export function factorNearSquareRoot(n: number): number {
  let factor = Math.floor(Math.sqrt(n));
  while (n % factor !== 0) factor--;
  return factor;
}
