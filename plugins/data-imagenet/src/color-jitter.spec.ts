import { describe, expect, it } from '@jest/globals';
import { randomOf } from '@refold/graph';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  colorJitter,
  type JitterStrength,
} from './color-jitter.js';
import { digest, noise } from './spec-kit/noise.js';

const pixels = () => noise(37, 29).data_HWC;
const jittered = (strength: JitterStrength, sample: number) => {
  const image = pixels();
  colorJitter(image, strength, randomOf(1, sample));
  return digest(image);
};

describe('colour jitter', () => {
  // Digests of Pillow 12.0: ImageEnhance.Brightness, Contrast and Color on the same picture.
  it.each([
    ['brightness', adjustBrightness, 0.6, '6e0de8f7b0242e50'],
    ['brightness', adjustBrightness, 1.35, 'f2fd390611a58d24'],
    ['brightness', adjustBrightness, 0, 'fce2f8807fdff749'],
    ['contrast', adjustContrast, 0.6, 'a59c99a92c022ce6'],
    ['contrast', adjustContrast, 1.35, '7fdbb8a2f29dc817'],
    ['contrast', adjustContrast, 0, 'b4ba5bd7889d9272'],
    ['saturation', adjustSaturation, 0.6, '1c20ee71e37340b2'],
    ['saturation', adjustSaturation, 1.35, '27a5738c85ccc4fa'],
    ['saturation', adjustSaturation, 0, '8ae68e10ac7ad779'],
  ] as const)('changes %s as Pillow does (%#)', (_, adjust, factor, hash) => {
    const image = pixels();
    adjust(image, factor);
    expect(digest(image)).toBe(hash);
  });

  it('depends on the random stream alone, and changes only what has a strength', () => {
    expect(jittered([0.4, 0.4, 0.4], 3)).toBe(jittered([0.4, 0.4, 0.4], 3));
    expect(jittered([0.4, 0.4, 0.4], 4)).not.toBe(jittered([0.4, 0.4, 0.4], 3));
    expect(jittered([0, 0, 0], 3)).toBe(digest(pixels()));
    const bright = pixels();
    colorJitter(bright, [0.4, 0, 0], randomOf(1, 5));
    const rises = [...bright].map((value, i) => Math.sign(value - pixels()[i]!));
    expect(new Set(rises.filter((sign) => sign !== 0)).size).toBe(1);
  });
});
