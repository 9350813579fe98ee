import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ImageReader } from '@refold/core';
import { createProvided, describeImageReader, fakeHost, sharedFolder } from '@refold/testing';
import plugin from './index.js';
import { readImage } from './read-image.js';
import { jpeg, put, readAll, temporaryFolder, using, writeTree } from './spec-kit/image-tree.js';
import { digest } from './spec-kit/noise.js';

const folder = temporaryFolder();
const [image, broken] = ['good.jpg', 'bad.jpg'].map((name) => path.join(folder.path, name));
beforeAll(async () => {
  await writeTree(folder.path, 3);
  put(folder.path, 'good.jpg', await jpeg(7));
  put(folder.path, 'bad.jpg', 'no image');
});
afterAll(folder.remove);

/** The reader as the pipeline makes it. */
const reader = () =>
  createProvided(plugin, ImageReader, { host: fakeHost({ baseDir: folder.path }) });

describeImageReader('data-imagenet', reader, { image: image!, broken: broken! });

describe('readImage', () => {
  const bilinear = { resize: 256, crop: 224, interpolation: 'bilinear', channels: 3 } as const;

  it.each([
    { interpolation: 'bilinear' },
    { interpolation: 'bicubic' },
    { valResize: null },
    { valResize: 20, resolution: 33 },
  ])('gives the bytes of the validation split with %j', async (options) => {
    await using(folder.path, options, async ({ validation, preprocessing }) => {
      const [batch] = await readAll(validation, { batchSize: validation.size });
      const bytes = batch!.data.length / validation.size;
      for (let sample = 0; sample < validation.size; sample++) {
        const file = path.join(folder.path, validation.sampleName(sample));
        const { data } = await readImage(file, preprocessing);
        expect(data).toEqual(batch!.data.slice(sample * bytes, (sample + 1) * bytes));
      }
    });
  });

  it('takes paths from the folder in which the command runs', async () => {
    const images = await reader();
    expect(await images.read('good.jpg', bilinear)).toEqual(await images.read(image!, bilinear));
    await images.close();
  });

  it.each([
    ['empty.jpg', '', 'the file is empty'],
    ['text.jpg', 'no image', 'unsupported'],
  ])('says why %s cannot be read', async (name, bytes, reason) => {
    put(folder.path, name, bytes);
    const file = path.join(folder.path, name);
    await expect(readImage(file, bilinear)).rejects.toMatchObject({
      code: 'RF-DATA-IMAGE-UNREADABLE',
      message: expect.stringMatching(new RegExp(`${name}.*${reason}`)),
    });
  });

  const photographs = sharedFolder() && path.join(sharedFolder()!, 'data/imagenet-val-100');
  const inShared = photographs ? describe : describe.skip;
  inShared('against Pillow and torchvision, in shared/ (skipped where it is missing)', () => {
    // Digests of torchvision 0.29.2 and Pillow 13.0 (libjpeg-turbo 3.2): CenterCrop(224)(Resize(256, filter)(
    // Image.open(f).convert('RGB'))), and with 'L' for one channel. There is no tolerance, since all is defined bit by
    // bit: both decoders use libjpeg's accurate integer transform and its smooth enlargement of chroma.
    it.each([
      [
        'a photograph',
        'n01751748',
        '01',
        'b97368fecd556cc1',
        '19d3646877242c87',
        '715ac70fdedaaa4c',
      ],
      ['a grey one', 'n09835506', '34', '9d87a5b766915ed3', '471171bb840223a5', 'e2798d64ee3d9a08'],
      [
        'one to enlarge',
        'n02483708',
        '87',
        'c2985f2c9f7daf85',
        'd9913eab67e32a5d',
        'f828ff9d632b0e50',
      ],
    ])('%s', async (_, synset, number, ...digests) => {
      const file = path.join(photographs!, 'val', synset, `ILSVRC2012_val_000000${number}.JPEG`);
      const received = [];
      for (const change of [{}, { interpolation: 'bicubic' }, { channels: 1 }] as const)
        received.push(digest((await readImage(file, { ...bilinear, ...change })).data));
      expect(received).toEqual(digests);
    });

    it.each([
      ['bilinear', 'fb98383fd4ca6153'],
      ['bicubic', '4cd7f3c1c87cca5b'],
    ])('the validation split of a hundred photographs, %s', async (interpolation, expected) => {
      const options = { resolution: 224, interpolation };
      const [batch] = await using(photographs!, options, ({ validation }) =>
        readAll(validation, { batchSize: 100 }),
      );
      expect(batch!.images).toBe(100);
      expect(digest(batch!.data)).toBe(expected);
    });
  });
});
