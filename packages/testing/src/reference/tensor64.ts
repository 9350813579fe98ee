import { sizeOf } from '@refold/graph';

/** A batch of values in float64: shape with the batch first (`[N, C, H, W]`, `[N, F]`, `[]`), row-major data. */
export interface Tensor64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A tensor of zeros. */
export function zeros64(shape: readonly number[]): Tensor64 {
  return { shape, data: new Float64Array(sizeOf(shape)) };
}
