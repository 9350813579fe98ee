import { describe, expect, it } from '@jest/globals';
import { centreCrop } from './centre-crop.js';

describe('centreCrop', () => {
  it.each([
    // [width, height, resize, crop], [fullWidth, fullHeight, left, top]; odd halves go to the even pixel, as in Python
    [
      [500, 375, 256, 224],
      [341, 256, 58, 16],
    ],
    [
      [333, 500, 256, 224],
      [256, 384, 16, 80],
    ],
    [
      [224, 224, null, 224],
      [224, 224, 0, 0],
    ],
    [
      [227, 229, null, 224],
      [227, 229, 2, 2],
    ],
    [
      [224, 224, 73, 64],
      [73, 73, 4, 4],
    ],
  ] as const)('%j', ([width, height, resize, crop], [fullWidth, fullHeight, left, top]) => {
    expect(centreCrop(width, height, resize, crop)).toEqual({
      target: { fullWidth, fullHeight, left, top, width: crop, height: crop, flip: false },
      toLeft: 0,
      toTop: 0,
    });
  });

  it('puts an image smaller than the crop in its middle', () => {
    expect(centreCrop(37, 20, null, 32)).toEqual({
      target: {
        fullWidth: 37,
        fullHeight: 20,
        left: 2,
        top: 0,
        width: 32,
        height: 20,
        flip: false,
      },
      toLeft: 0,
      toTop: 6,
    });
  });
});
