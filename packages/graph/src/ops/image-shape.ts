import { shapeMismatch } from '../errors.js';
import type { SampleShape } from '../tensor.js';

/** `[channels, height, width]`. */
export type ImageShape = readonly [number, number, number];

/** The shape as that of an image. @throws RefoldError `RF-GRAPH-SHAPE` for any other rank. */
export function imageShape(op: string, shape: SampleShape | undefined): ImageShape {
  const [channels, height, width] = shape ?? [];
  if (
    shape?.length !== 3 ||
    channels === undefined ||
    height === undefined ||
    width === undefined
  ) {
    throw shapeMismatch(op, 'an input [C, H, W]', `[${String(shape)}]`);
  }
  return [channels, height, width];
}
