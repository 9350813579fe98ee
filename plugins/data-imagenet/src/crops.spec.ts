import { describe, expect, it } from '@jest/globals';
import { randomOf } from '@refold/graph';
import { randomCrop } from './crops.js';

/** Means of `RandomResizedCrop.get_params` of torchvision 0.29 over 100,000 draws with the same arguments. */
const TORCHVISION = { area: 0.4338, aspect: 1.0452, left: 108.7, top: 52.3 };

describe('randomCrop', () => {
  const crops = Array.from({ length: 4000 }, (_, sample) =>
    randomCrop(500, 375, [0.08, 1], [0.75, 1.3333], randomOf(3, sample)),
  );

  it('stays in the image, in scale and in ratio', () => {
    for (const { left, top, width, height } of crops) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(500);
      expect(top + height).toBeLessThanOrEqual(375);
      const aspect = width / height;
      expect(aspect).toBeGreaterThan(0.74);
      expect(aspect).toBeLessThan(1.345);
      expect((width * height) / (500 * 375)).toBeGreaterThan(0.079);
    }
  });

  it('has the mean area, aspect and place of torchvision', () => {
    const mean = (of: (crop: (typeof crops)[number]) => number) =>
      crops.reduce((sum, crop) => sum + of(crop), 0) / crops.length;
    const area = mean(({ width, height }) => (width * height) / (500 * 375));
    expect(Math.abs(area - TORCHVISION.area)).toBeLessThan(0.01);
    expect(Math.abs(mean(({ width, height }) => width / height) - TORCHVISION.aspect)).toBeLessThan(
      0.02,
    );
    expect(Math.abs(mean(({ left }) => left) - TORCHVISION.left)).toBeLessThan(5);
    expect(Math.abs(mean(({ top }) => top) - TORCHVISION.top)).toBeLessThan(5);
  });

  it('falls back to the largest central box within the ratios', () => {
    const random = randomOf(1);
    const whole: [number, number] = [1, 1];
    expect(randomCrop(1000, 10, whole, [0.75, 1.3333], random)).toEqual({
      left: 493,
      top: 0,
      width: 13,
      height: 10,
    });
    expect(randomCrop(10, 1000, whole, [0.75, 1.3333], random)).toEqual({
      left: 0,
      top: 493,
      width: 10,
      height: 13,
    });
    expect(randomCrop(1, 1, [0.1, 0.2], [0.75, 1.3333], random)).toMatchObject({
      width: 1,
      height: 1,
    });
  });
});
