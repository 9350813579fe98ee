import type { ImageReader, Preprocessing } from '@refold/core';
import { expectCode, expectEqual, expectSameNumbers } from './framework/expectations.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface ImageReaderKitOptions extends KitOptions {
  /** Absolute path of an image it can read. */
  readonly image: string;
  /** Absolute path of a file that is no image. */
  readonly broken: string;
}

const preprocessing: Preprocessing = {
  resize: 20,
  crop: 16,
  interpolation: 'bilinear',
  channels: 3,
};

/**
 * Conformance kit for image readers: shape, determinism, memory owned by the caller, and the error for what is no image.
 *
 * @param name shown in the titles
 */
export function describeImageReader(
  name: string,
  make: () => ImageReader | Promise<ImageReader>,
  options: ImageReaderKitOptions,
): void {
  const { describe, it } = frameworkOf(options.framework);
  const test = (title: string, body: (reader: ImageReader) => Promise<void>) =>
    it(title, async () => {
      const reader = await make();
      try {
        await body(reader);
      } finally {
        await reader.close();
      }
    });

  describe(`${name} as an ImageReader`, () => {
    for (const channels of [3, 1] as const)
      for (const resize of [20, null])
        test(`gives bytes: ${channels} channel(s), resize ${resize}`, async (reader) => {
          const batch = await reader.read(options.image, { ...preprocessing, channels, resize });
          const { data, ...rest } = batch;
          const expected = { images: 1, channels, height: 16, width: 16, layout: 'NHWC' };
          expectEqual({ ...expected, ...rest }, expected, 'The batch');
          expectEqual(data[Symbol.toStringTag], 'Uint8Array', 'data');
          expectEqual(data.length, channels * 16 * 16, 'Values in data');
        });

    test('gives the same bytes again, in memory of their own', async (reader) => {
      const first = await reader.read(options.image, preprocessing);
      const kept = first.data.slice();
      first.data.fill(0);
      const second = await reader.read(options.image, preprocessing);
      expectSameNumbers(second.data, kept, 'The second reading');
    });

    test('says what is no image', async (reader) => {
      for (const path of [options.broken, `${options.image}.missing`])
        await expectCode(
          reader.read(path, preprocessing),
          'RF-DATA-IMAGE-UNREADABLE',
          'Error for a file that is missing or no image',
        );
    });

    it('closes twice without complaint', async () => {
      const reader = await make();
      await reader.close();
      await reader.close();
    });
  });
}
