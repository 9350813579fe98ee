import type { Pair } from '@refold/graph';
import { stridedSlice, type Tensor4D } from '@tensorflow/tfjs-core';
import { insertZeros, padOrCrop } from '../kernels/zero-insertion.js';

/** Pooling by a 1 × 1 window: picks every s-th pixel. Some backends refuse such a window. */
export const everyOther = {
  forward(x: Tensor4D, [sy, sx]: Pair): Tensor4D {
    if (sy * sx === 1) return x;
    return stridedSlice(x, [0, 0, 0, 0], x.shape, [1, sy, sx, 1]) as Tensor4D;
  },
  /** @param inputShape NHWC */
  backward(dy: Tensor4D, [, height, width]: readonly number[], stride: Pair): Tensor4D {
    const spread = insertZeros(dy, stride);
    const rows = (height ?? 0) - spread.shape[1];
    const columns = (width ?? 0) - spread.shape[2];
    return padOrCrop(spread, [0, rows], [0, columns]);
  },
};
