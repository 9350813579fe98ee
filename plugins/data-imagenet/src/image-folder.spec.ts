import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LabelledBatch } from '@refold/core';
import { describeDataset } from '@refold/testing';
import sharp from 'sharp';
import {
  bySample,
  jpeg,
  open,
  put,
  readAll,
  temporaryFolder,
  using,
  writeTree,
} from './spec-kit/image-tree.js';
import { noise } from './spec-kit/noise.js';

const folder = temporaryFolder();
beforeAll(async () => {
  await writeTree(folder.path);
  // Takes far longer than the others, so that with several workers samples get done in another order than they come.
  put(folder.path, 'train/ant/0.jpg', await jpeg(0, 1600, 1200));
});
afterAll(folder.remove);

const everything = { colorJitter: 0.4, vflip: 0.5, interpolation: 'bicubic' };

describeDataset('image folder', async () => (await open(folder.path)).dataset);

describe('image folder: a sample depends on (seed, epoch, sample) alone', () => {
  const plan = { seed: 5, epoch: 1 };
  let expected: LabelledBatch[];
  beforeAll(async () => {
    const options = { ...everything, workers: 1 };
    expected = await using(folder.path, options, ({ train }) => readAll(train, plan));
  });

  it.each([
    { workers: 1, cache: 'memory' },
    { workers: 2 },
    { workers: 3 },
    { workers: 3, cache: 'memory' },
  ])('not on %j', async (options) => {
    const received = await using(folder.path, { ...everything, ...options }, async ({ train }) => {
      // Fills the cache, where there is one.
      await readAll(train);
      return readAll(train, plan);
    });
    expect(bySample(received)).toEqual(bySample(expected));
    expect(received.map(({ samples }) => samples)).toEqual(expected.map(({ samples }) => samples));
  });

  it.each([{ batchSize: 10 }, { batchSize: 3 }, { batchSize: 15 }])('not on %j', async (change) => {
    const other = await using(folder.path, everything, ({ train }) =>
      readAll(train, { ...plan, ...change }),
    );
    const given = bySample(other);
    expect(given.size).toBe(30);
    for (const [sample, what] of bySample(expected)) expect(given.get(sample)).toBe(what);
  });

  it.each([{ seed: 6 }, { epoch: 2 }])('and is another with %j', async (change) => {
    const [one, other] = await using(folder.path, { shuffle: false }, async ({ train }) => [
      bySample(await readAll(train, { ...plan, batchSize: 10 })),
      bySample(await readAll(train, { ...plan, batchSize: 10, ...change })),
    ]);
    expect(one.size).toBe(30);
    for (const [sample, what] of one) expect(other.get(sample)).not.toBe(what);
  });
});

describe('image folder: replicas', () => {
  it.each(['train', 'validation'] as const)(
    '%s: three see, step by step, what one sees with three times the batch',
    async (which) => {
      const [one, shares] = await using(folder.path, {}, async ({ [which]: split }) => [
        await readAll(split, { batchSize: 12 }),
        await Promise.all(
          [0, 1, 2].map((rank) => readAll(split, { batchSize: 4, replicas: 3, rank })),
        ),
      ]);
      expect(one).toHaveLength(which === 'train' ? 2 : 3);
      for (const [step, whole] of one.entries()) {
        const parts = shares.map((share) => share[step]!);
        const joined = (of: (batch: LabelledBatch) => Iterable<number>) =>
          parts.flatMap((batch) => [...of(batch)]);
        expect(joined(({ samples }) => samples)).toEqual([...whole.samples]);
        expect(joined(({ labels }) => labels)).toEqual([...whole.labels]);
        expect(joined(({ data }) => data)).toEqual([...whole.data]);
      }
    },
  );

  it.each(['none', 'memory'])(
    'validation: 1, 2 and 3 count each image once, with the same bytes; cache: %s',
    async (cache) => {
      const expected = await using(folder.path, {}, ({ validation }) => readAll(validation));
      await using(folder.path, { cache }, async ({ validation }) => {
        for (const replicas of [1, 2, 3]) {
          const ranks = Array.from({ length: replicas }, (_, rank) =>
            readAll(validation, { batchSize: 4, replicas, rank }),
          );
          const shares = await Promise.all(ranks);
          expect(bySample(shares.flat())).toEqual(bySample(expected));
        }
      });
      expect(bySample(expected).size).toBe(30);
    },
  );
});

describe('image folder: samples', () => {
  it.each([{ classes: null }, { classes: ['dog', 'cat', 'bee', 'ant'] }])(
    'are uint8, NHWC, labelled by the folder they lie in with %j',
    async (options) => {
      await using(folder.path, options, async ({ train, validation, classes }) => {
        for (const split of [train, validation]) {
          for (const { labels, samples, ...batch } of await readAll(split)) {
            expect(batch).toMatchObject({ layout: 'NHWC', channels: 3, height: 16, width: 16 });
            expect(batch.data).toBeInstanceOf(Uint8Array);
            const named = Array.from(samples, (sample) => split.sampleName(sample).split('/')[1]);
            expect(named).toEqual(Array.from(labels, (label) => classes[label]));
          }
        }
      });
    },
  );

  it('of validation are the middle of the picture, and of a small one all of it', async () => {
    const pictures = temporaryFolder();
    const { data_HWC, width, height } = noise(24, 20);
    const raw = sharp(data_HWC, { raw: { width, height, channels: 3 } });
    put(pictures.path, 'val/a/large.png', await raw.png().toBuffer());
    const small = raw.clone().extract({ left: 0, top: 0, width: 10, height: 12 });
    put(pictures.path, 'val/a/small.png', await small.png().toBuffer());
    const [batch] = await using(pictures.path, { valResize: null }, ({ validation }) =>
      readAll(validation),
    );
    pictures.remove();
    const square = (at: (y: number, x: number) => number) =>
      Array.from({ length: 256 }, (_, i) => at(i >> 4, i % 16)).flatMap((pixel) =>
        pixel < 0 ? [0, 0, 0] : [...data_HWC.subarray(pixel * 3, pixel * 3 + 3)],
      );
    const middle = square((y, x) => (y + 2) * width + x + 4);
    const framed = square((y, x) =>
      y >= 2 && y < 14 && x >= 3 && x < 13 ? (y - 2) * width + x - 3 : -1,
    );
    expect([...batch!.data]).toEqual([...middle, ...framed]);
  });

  it('of calibration are all of training once, mixed, and prepared as those of validation', async () => {
    const pictures = temporaryFolder();
    const { data_HWC, width, height } = noise(24, 20);
    const png = await sharp(data_HWC, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    for (const name of ['train/a/1.png', 'val/a/1.png']) put(pictures.path, name, png);
    const [mine, theirs] = await using(
      pictures.path,
      { valResize: null },
      async ({ calibration, validation }) => [
        await readAll(calibration!, { epoch: 3 }),
        await readAll(validation),
      ],
    );
    pictures.remove();
    expect(mine[0]!.data).toEqual(theirs[0]!.data);
    await using(folder.path, { shuffle: false }, async ({ calibration, train }) => {
      const samples = (await readAll(calibration!)).flatMap((batch) => [...batch.samples]);
      expect(samples).toHaveLength(train.size);
      expect(samples.toSorted((a, b) => a - b)).toEqual(samples.map((_, i) => i));
      expect(samples).not.toEqual(samples.map((_, i) => i));
    });
  });

  it('come in order with shuffle off, and evenly from all classes with numSamples', async () => {
    const options = { shuffle: false, numSamples: 6 };
    await using(folder.path, options, async ({ train }) => {
      const [batch] = await readAll(train, { batchSize: 6 });
      expect(train.size).toBe(6);
      expect([...batch!.samples]).toEqual([0, 1, 2, 3, 4, 5]);
      expect([...batch!.labels]).toEqual([0, 0, 1, 1, 2, 2]);
      expect(train.sampleName(3)).toBe('train/bee/5.jpg');
    });
  });
});
