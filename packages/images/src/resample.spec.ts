import { describe, expect, it } from '@jest/globals';
import { resample, type Interpolation } from './resample.js';
import { digest, noise } from './spec-kit/noise.js';
import { luma } from './to-grey.js';

type Quad = [left: number, top: number, width: number, height: number];
type Pair = [width: number, height: number];

// Digests of Pillow 12.0: image.crop(box).resize(size, filter).
const PILLOW: [Interpolation, Quad, Pair, string][] = [
  ['bilinear', [0, 0, 37, 29], [16, 16], '62d8d683fb739813'],
  ['bilinear', [5, 3, 20, 22], [16, 16], '5eace0f0933cf072'],
  ['bilinear', [5, 3, 20, 22], [64, 48], '39e0be0b609742a6'],
  ['bilinear', [0, 0, 37, 29], [37, 29], 'bdb6fcd0ca71f906'],
  ['bilinear', [2, 1, 9, 27], [24, 7], '553a8cb40fde903d'],
  ['bicubic', [0, 0, 37, 29], [16, 16], '203ccfc331a31697'],
  ['bicubic', [5, 3, 20, 22], [16, 16], '0195fee713f94004'],
  ['bicubic', [5, 3, 20, 22], [64, 48], 'e3f9f000e74eabcd'],
  ['bicubic', [0, 0, 37, 29], [37, 29], 'bdb6fcd0ca71f906'],
  ['bicubic', [2, 1, 9, 27], [24, 7], 'b7b5240de5477986'],
];

const { data_HWC, width: rowWidth } = noise(37, 29);

function resized(
  interpolation: Interpolation,
  [left, top, width, height]: Quad,
  [fullWidth, fullHeight]: Pair,
  window: Partial<Parameters<typeof resample>[1]> = {},
): Uint8Array {
  const box = { data_HWC, rowWidth, channels: 3, left, top, width, height };
  const whole = { left: 0, top: 0, width: fullWidth, height: fullHeight, flip: false };
  const target = { fullWidth, fullHeight, ...whole, ...window };
  const out = new Uint8Array(target.width * target.height * 3);
  resample(box, target, interpolation, out);
  return out;
}

describe('resample', () => {
  it.each(PILLOW)('%s of %j to %j is what Pillow makes, bit by bit', (filter, box, size, hash) => {
    expect(digest(resized(filter, box, size))).toBe(hash);
  });

  it('resizes one channel as Pillow does', () => {
    const grey = Uint8Array.from({ length: 37 * 29 }, (_, i) => luma(data_HWC, 3 * i));
    const box = { data_HWC: grey, rowWidth, channels: 1, left: 0, top: 0, width: 37, height: 29 };
    const size = { fullWidth: 11, fullHeight: 50, left: 0, top: 0, width: 11, height: 50 };
    const digests = (['bilinear', 'bicubic'] as const).map((filter) => {
      const out = new Uint8Array(11 * 50);
      resample(box, { ...size, flip: false }, filter, out);
      return digest(out);
    });
    expect(digests).toEqual(['a84ceb53ef37c76d', '2af17002a7d4be0d']);
  });

  it('computes a window of the result as the whole has it, and mirrors it', () => {
    const whole = resized('bicubic', [1, 2, 33, 25], [20, 14]);
    const window = { left: 3, top: 4, width: 9, height: 6 };
    const part = resized('bicubic', [1, 2, 33, 25], [20, 14], window);
    const mirrored = resized('bicubic', [1, 2, 33, 25], [20, 14], { ...window, flip: true });
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 9; x++) {
        const pixel = (image: Uint8Array, row: number, at: number, stride: number) => [
          ...image.subarray((row * stride + at) * 3, (row * stride + at) * 3 + 3),
        ];
        expect(pixel(part, y, x, 9)).toEqual(pixel(whole, y + 4, x + 3, 20));
        expect(pixel(mirrored, y, 8 - x, 9)).toEqual(pixel(part, y, x, 9));
      }
    }
  });
});
