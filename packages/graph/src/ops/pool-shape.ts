import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import type { PoolAttrs } from '../op-attrs.js';
import type { SampleShape } from '../tensor.js';
import { imageShape, type ImageShape } from './image-shape.js';
import { extent, pair } from './pair.js';

/** Schemas of the attributes that all pools have. */
export const poolAttrs = {
  kernel: pair.positive,
  stride: pair.positive,
  padding: pair.nonNegative,
};

/** Schema of a pool without further attributes. */
export const plainPoolAttrs: z.ZodType<PoolAttrs> = z.strictObject(poolAttrs);

/**
 * Output shape of a pool. As in PyTorch, padding is at most half the kernel, so that every window holds a real value.
 *
 * @throws RefoldError `RF-GRAPH-SHAPE`
 */
export function poolShape(
  op: string,
  { kernel, stride, padding }: PoolAttrs,
  input: SampleShape | undefined,
): ImageShape {
  const [channels, height, width] = imageShape(op, input);
  if (2 * padding[0] > kernel[0] || 2 * padding[1] > kernel[1]) {
    throw shapeMismatch(op, 'padding of at most half the kernel', `padding ${String(padding)}`);
  }
  return [
    channels,
    extent(height, kernel[0], stride[0], padding[0]),
    extent(width, kernel[1], stride[1], padding[1]),
  ];
}
