import { describe, expect, it } from '@jest/globals';
import { makePixelCache, PixelCache } from './pixel-cache.js';
import { noise } from './spec-kit/noise.js';

describe('PixelCache', () => {
  const first = noise(4, 3);
  const second = { ...noise(5, 2), data_HWC: noise(5, 2).data_HWC.map((x) => 255 - x) };

  it('gives back what was put in, to everyone who shares the memory', () => {
    const memory = makePixelCache(3, 100);
    const [one, other] = [new PixelCache(memory), new PixelCache(memory)];
    one.put(2, first);
    other.put(0, second);
    for (const cache of [one, other]) {
      expect([0, 1, 2].map((sample) => cache.get(sample))).toEqual([second, undefined, first]);
    }
  });

  it('keeps the first picture of a sample', () => {
    const cache = new PixelCache(makePixelCache(1, 100));
    cache.put(0, first);
    cache.put(0, second);
    expect(cache.get(0)).toEqual(first);
  });

  it('does not keep what does not fit', () => {
    const cache = new PixelCache(makePixelCache(2, 65));
    cache.put(0, first);
    cache.put(1, second);
    expect(cache.get(0)).toEqual(first);
    expect(cache.get(1)).toBeUndefined();
  });
});
