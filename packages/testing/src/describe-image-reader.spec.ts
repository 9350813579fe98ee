import { describe, expect, it } from '@jest/globals';
import type { ImageReader, Preprocessing } from '@refold/core';
import { RefoldError } from '@refold/graph';
import { describeImageReader } from './describe-image-reader.js';
import { failuresOf } from './spec-kit/failures-of.js';

const files = { image: '/images/a.png', broken: '/images/b.txt' };

/** Reads the one image, as grey. */
function reader(read: (preprocessing: Preprocessing) => Uint8Array): ImageReader {
  return {
    async read(path, preprocessing) {
      if (path !== files.image)
        throw new RefoldError('RF-DATA-IMAGE-UNREADABLE', { message: path });
      const { crop, channels } = preprocessing;
      const data = read(preprocessing);
      return { images: 1, channels, height: crop, width: crop, layout: 'NHWC', data };
    },
    close: async () => undefined,
  };
}

const sizeOf = ({ crop, channels }: Preprocessing) => crop * crop * channels;
describeImageReader(
  'a grey image',
  () => reader((preprocessing) => new Uint8Array(sizeOf(preprocessing)).fill(128)),
  files,
);

describe('describeImageReader', () => {
  it('catches memory that the reader keeps', async () => {
    const shared = new Uint8Array(16 * 16 * 3).fill(128);
    const make = () => reader((preprocessing) => shared.subarray(0, sizeOf(preprocessing)));
    const failures = await failuresOf((framework) =>
      describeImageReader('broken', make, { ...files, framework }),
    );
    expect(failures.join('\n')).toContain('in memory of their own');
  });

  it('catches an image of the wrong size', async () => {
    const make = () => reader(() => new Uint8Array(3));
    const failures = await failuresOf((framework) =>
      describeImageReader('broken', make, { ...files, framework }),
    );
    expect(failures.join('\n')).toContain('Values in data\nExpected 768\nReceived 3');
  });
});
