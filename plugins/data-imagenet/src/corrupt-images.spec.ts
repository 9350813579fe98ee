import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RefoldEvent } from '@refold/core';
import { CorruptImages } from './corrupt-images.js';
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

/** Unreadable in both splits, by sample of 12, with the readable sample that follows. */
const BAD = { 1: 'ant/1.jpg', 2: 'ant/2.jpg', 6: 'bee/2.jpg', 11: 'cat/3.jpg' };
const STAND_INS: readonly (readonly [number, number])[] = [
  [1, 3],
  [2, 3],
  [6, 7],
  [11, 0],
];

const folder = temporaryFolder();
const paths = Object.values(BAD).map((name) => path.join(folder.path, 'val', name));
const lenient = { maxCorrupt: 0.5 };
beforeAll(async () => {
  await writeTree(folder.path, 4);
  for (const split of ['train', 'val']) {
    put(folder.path, `${split}/${BAD[1]}`, '');
    put(folder.path, `${split}/${BAD[2]}`, (await jpeg(1)).subarray(0, 900));
    put(folder.path, `${split}/${BAD[6]}`, 'no image at all');
    put(folder.path, `${split}/${BAD[11]}`, new Uint8Array(500));
  }
});
afterAll(folder.remove);

const replacedIn = (events: readonly RefoldEvent[]) =>
  events.filter((event) => event.type === 'sample-replaced');

describe('unreadable images', () => {
  it.each(['train', 'validation'] as const)(
    'are replaced by the next readable one, with its label: %s',
    async (which) => {
      const batches = await using(folder.path, { ...lenient, shuffle: false }, (dataset) =>
        readAll(dataset[which], { batchSize: 4, epoch: 2 }),
      );
      expect(batches.flatMap(({ samples }) => [...samples])).toEqual([...Array(12).keys()]);
      const given = bySample(batches);
      for (const [bad, standIn] of STAND_INS) expect(given.get(bad)).toBe(given.get(standIn));
      expect(new Set(given.values()).size).toBe(12 - STAND_INS.length);
    },
  );

  it('are reported with path, reason and count, each once in a run', async () => {
    const events = await using(folder.path, lenient, async ({ validation }, published) => {
      for (const epoch of [0, 1]) await readAll(validation, { epoch });
      return published;
    });
    expect(replacedIn(events)).toEqual(
      paths.map((file, i) => ({
        type: 'sample-replaced',
        path: file,
        reason: expect.stringMatching(/\w{4}/),
        replaced: i + 1,
      })),
    );
    expect(replacedIn(events)[0]).toMatchObject({ reason: 'the file is empty' });
  });

  it('are replaced alike for any number of workers and replicas, cached or not', async () => {
    const read = (options: object, epoch: number, replicas = 1) =>
      using(folder.path, { ...lenient, ...options }, async ({ train }) => {
        // With epoch 1 after epoch 0, what is unreadable is known beforehand; with epoch 1 alone it is not.
        for (let e = 0; e < epoch; e++) await readAll(train, { batchSize: 3, epoch: e });
        const shares = [];
        for (let rank = 0; rank < replicas; rank++)
          shares.push(
            ...(await readAll(train, { batchSize: 12 / replicas, epoch: 1, rank, replicas })),
          );
        return bySample(shares);
      });
    const expected = await read({ workers: 1 }, 0);
    expect(expected.size).toBe(12);
    expect(await read({ workers: 2 }, 0, 2)).toEqual(expected);
    expect(await read({ workers: 3 }, 1, 3)).toEqual(expected);
    expect(await read({ workers: 3, cache: 'memory' }, 0)).toEqual(expected);
    expect(await read({ workers: 2, cache: 'memory' }, 1)).toEqual(expected);
  });

  it.each([
    [0.25, 3],
    [0.01, 1],
    [0, 0],
  ])('fail the run when there are more than allowed: %d', async (maxCorrupt, allowed) => {
    await using(folder.path, { maxCorrupt }, async ({ validation }, events) => {
      const error = await readAll(validation, { batchSize: 5 }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'RF-DATA-TOO-MANY-CORRUPT' });
      const { message } = error as Error;
      expect(message).toContain(`at most ${allowed} of 12`);
      expect(paths.map((file) => message.includes(`${file}: `))).toEqual(
        paths.map((_, i) => i <= allowed),
      );
      expect(replacedIn(events)).toHaveLength(allowed);
    });
  });

  it('may also have gone since the folder was listed', async () => {
    const other = temporaryFolder();
    await writeTree(other.path, 2);
    const { dataset, events } = await open(other.path, lenient);
    const gone = path.join(other.path, 'val/bee/0.jpg');
    rmSync(gone);
    const given = bySample(await readAll(dataset.validation));
    await dataset.close();
    other.remove();
    expect(given.get(2)).toBe(given.get(3));
    expect(replacedIn(events)).toMatchObject([{ path: gone }]);
  });

  it('fail the run when no other is left, whatever is allowed', async () => {
    const other = temporaryFolder();
    for (const name of ['1.jpg', '2.jpg', '3.jpg']) put(other.path, `val/a/${name}`);
    const reading = using(other.path, { maxCorrupt: 1 }, ({ validation }) => readAll(validation));
    await expect(reading).rejects.toMatchObject({ code: 'RF-DATA-TOO-MANY-CORRUPT' });
    other.remove();
  });
});

describe('CorruptImages', () => {
  const of = (size: number, maxCorrupt: number) =>
    new CorruptImages(
      '/data/val',
      size,
      maxCorrupt,
      (sample) => `/data/val/${sample}`,
      () => undefined,
    );

  it('looks past several in a row, and from the last on to the first', () => {
    const corrupt = of(10, 0.5);
    for (const sample of [3, 4, 9, 0]) corrupt.report(sample, 'bad');
    expect([2, 3, 4, 9, 0].map((sample) => corrupt.standIn(sample))).toEqual([2, 5, 5, 1, 1]);
  });

  it.each([
    [1000, 0.01, 10],
    [50_000, 0.001, 50],
    [99, 0.01, 1],
    [10, 0.39, 3],
    [10, 1, 9],
  ])('of %d images allows %d: %d', (size, maxCorrupt, allowed) => {
    const corrupt = of(size, maxCorrupt);
    for (let sample = 0; sample < allowed; sample++) corrupt.report(sample, 'bad');
    corrupt.report(0, 'told again');
    expect(() => corrupt.report(allowed, 'bad')).toThrow(
      expect.objectContaining({ code: 'RF-DATA-TOO-MANY-CORRUPT' }),
    );
  });

  it('lists fifty of them', () => {
    const corrupt = of(1000, 0.06);
    const all = () => Array.from({ length: 61 }, (_, sample) => corrupt.report(sample, 'bad'));
    expect(all).toThrow(/\/data\/val\/49: bad\n {2}and 11 more/);
  });
});
