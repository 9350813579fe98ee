import { z } from 'zod';
import { shapeMismatch } from '../errors.js';

/** Schemas of `[vertical, horizontal]` pairs. */
export const pair = {
  positive: z.tuple([z.number().int().positive(), z.number().int().positive()]).readonly(),
  nonNegative: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]).readonly(),
};

/** Output extent of a window op on one axis, rounding down as PyTorch does; at least one. */
export function extent(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation = 1,
): number {
  const out = Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  if (out < 1) {
    throw shapeMismatch(
      'window',
      `an extent of at least ${dilation * (kernel - 1) + 1 - 2 * padding}`,
      String(size),
    );
  }
  return out;
}
