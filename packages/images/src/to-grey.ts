import type { Pixels } from './pixels.js';

/** RGB to one grey channel, as Pillow's `convert('L')`. */
export function toGrey({ data_HWC, width, height }: Pixels): Pixels {
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = luma(data_HWC, 3 * i);
  return { data_HWC: grey, width, height, channels: 1 };
}

/** ITU-R 601-2 luma of the RGB pixel at an offset, in Pillow's fixed point. */
export function luma(pixels_HWC: Uint8Array, offset: number): number {
  const [r, g, b] = [pixels_HWC[offset]!, pixels_HWC[offset + 1]!, pixels_HWC[offset + 2]!];
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}
