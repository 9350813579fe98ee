import type { Pair } from '@refold/graph';
import { padOrCrop, type ConvolutionGeometry } from '@refold/tfjs';
import { pad, type Tensor4D } from '@tensorflow/tfjs-core';

/** How TensorFlow is told about padding. */
export interface PaddingPlan {
  readonly padding: 'SAME' | 'VALID';
  /** Zeros to put around the image first; none with SAME. */
  readonly rows: Pair;
  readonly columns: Pair;
}

/**
 * Padding in the words that oneDNN's kernels take: SAME where it means the same symmetric zeros, else VALID on an
 * image padded before. (EXPLICIT falls back to kernels half as fast.) Only zeros that are read are put there.
 *
 * @param input height and width of the image
 * @param kernel height and width of the filter
 */
export function paddingPlan(input: Pair, kernel: Pair, geometry: ConvolutionGeometry): PaddingPlan {
  const { stride, padding, dilation } = geometry;
  const symmetric = ([0, 1] as const).every(
    (axis) => stride[axis] === 1 && 2 * padding[axis] === dilation[axis] * (kernel[axis] - 1),
  );
  const none: Pair = [0, 0];
  if (padding[0] + padding[1] === 0) return { padding: 'VALID', rows: none, columns: none };
  if (symmetric) return { padding: 'SAME', rows: none, columns: none };
  const sides = (axis: 0 | 1): Pair => {
    const span = dilation[axis] * (kernel[axis] - 1) + 1;
    const last = Math.floor((input[axis] + 2 * padding[axis] - span) / stride[axis]) * stride[axis];
    return [padding[axis], Math.max(0, last + span - input[axis] - padding[axis])];
  };
  return { padding: 'VALID', rows: sides(0), columns: sides(1) };
}

/** The image with its zeros around it. */
export function padded(x: Tensor4D, { rows, columns }: PaddingPlan): Tensor4D {
  return needsPad({ rows, columns }) ? pad(x, [[0, 0], [...rows], [...columns], [0, 0]]) : x;
}

/** The gradient of {@link padded}: cuts the frame off. */
export function unpadded(dPadded: Tensor4D, { rows, columns }: PaddingPlan): Tensor4D {
  const inverse = ([before, after]: Pair): Pair => [-before, -after];
  return padOrCrop(dPadded, inverse(rows), inverse(columns));
}

function needsPad({ rows, columns }: Pick<PaddingPlan, 'rows' | 'columns'>): boolean {
  return rows[0] + rows[1] + columns[0] + columns[1] > 0;
}
