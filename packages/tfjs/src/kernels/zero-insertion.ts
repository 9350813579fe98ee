import type { Pair } from '@refold/graph';
import { pad, reshape, slice, type Tensor4D } from '@tensorflow/tfjs-core';

/**
 * `[N, H, W, C]` → `[N, H·sh, W·sw, C]` with each value at the first corner of its sh × sw cell and zeros
 * elsewhere: one `pad` between two reshapes, since no backend has an op for it.
 */
export function insertZeros(x: Tensor4D, [sh, sw]: Pair): Tensor4D {
  if (sh === 1 && sw === 1) return x;
  const [n, h, w, c] = x.shape;
  const cells = pad(reshape(x, [n * h, 1, w, c]), [
    [0, 0],
    [0, sh - 1],
    [0, 0],
    [0, (sw - 1) * c],
  ]);
  return reshape(cells, [n, h * sh, w * sw, c]);
}

/** Adds zeros around an image, or cuts it where an amount is negative. */
export function padOrCrop(x: Tensor4D, [top, bottom]: Pair, [left, right]: Pair): Tensor4D {
  const [n, h, w, c] = x.shape;
  const cut = (amount: number) => Math.max(0, -amount);
  const add = (amount: number) => Math.max(0, amount);
  let result = x;
  if (cut(top) + cut(bottom) + cut(left) + cut(right) > 0) {
    result = slice(
      result,
      [0, cut(top), cut(left), 0],
      [n, h - cut(top) - cut(bottom), w - cut(left) - cut(right), c],
    );
  }
  if (add(top) + add(bottom) + add(left) + add(right) > 0) {
    result = pad(result, [
      [0, 0],
      [add(top), add(bottom)],
      [add(left), add(right)],
      [0, 0],
    ]);
  }
  return result;
}
