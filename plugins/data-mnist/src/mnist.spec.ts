import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Dataset, type LabelledBatch, type Split } from '@refold/core';
import { createProvided, describeDataset } from '@refold/testing';
import { drawDigit } from './draw-digit.js';
import plugin from './index.js';
import { readIdx } from './read-idx.js';

const mnist = (options: object = {}) => createProvided(plugin, Dataset, { use: 'mnist', options });

describeDataset('mnist', () => mnist({ trainSize: 600 }), { batchSize: 100 });

const plan = { batchSize: 100, seed: 1, epoch: 0, rank: 0, replicas: 1 };

async function all(split: Split, change: object = {}): Promise<LabelledBatch[]> {
  const batches: LabelledBatch[] = [];
  for await (const batch of split.batches({ ...plan, ...change })) batches.push(batch);
  return batches;
}

describe('data-mnist', () => {
  it('has the real digits: counts per class and mean as published', async () => {
    const { train, validation } = await mnist();
    expect([train.size, validation.size]).toEqual([60_000, 10_000]);
    const counts = new Array<number>(10).fill(0);
    let sum = 0;
    for (const batch of await all(validation)) {
      for (const label of batch.labels) counts[label]!++;
      for (const byte of batch.data) sum += byte;
    }
    // Class counts of the t10k file.
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(sum / (10_000 * 784) / 255).toBeCloseTo(0.1325, 3);
  });

  it('trains on whole batches in an order of its own each epoch', async () => {
    const { train } = await mnist({ trainSize: 250 });
    const first = await all(train);
    expect(first.map(({ images }) => images)).toEqual([100, 100]);
    expect(await all(train)).toEqual(first);
    expect((await all(train, { epoch: 1 }))[0]?.samples).not.toEqual(first[0]?.samples);
    expect(await all(train, { firstBatch: 1 })).toEqual(first.slice(1));
  });

  it('shifts by (seed, epoch, sample) alone', async () => {
    const shifted = await mnist({ trainSize: 20, shift: 2 });
    const [whole] = await all(shifted.train, { batchSize: 20 });
    const halves = await all(shifted.train, { batchSize: 10 });
    const bytes = halves.flatMap(({ data }) => [...data]);
    expect(bytes).toEqual([...whole!.data]);
    const plain = await all((await mnist({ trainSize: 20 })).train, { batchSize: 20 });
    expect([...whole!.data]).not.toEqual([...plain[0]!.data]);
  });

  it('pads and repeats channels', async () => {
    const { sample, validation, normalization } = await mnist({
      resolution: 32,
      channels: 3,
      validationSize: 1,
    });
    const [padded] = await all(validation);
    const [plain] = await all((await mnist({ validationSize: 1 })).validation);
    expect(sample).toEqual({ channels: 3, height: 32, width: 32 });
    expect(normalization.mean).toHaveLength(3);
    const at = (y: number, x: number) => [
      ...padded!.data.subarray((y * 32 + x) * 3).subarray(0, 3),
    ];
    expect(at(0, 0)).toEqual([0, 0, 0]);
    for (const [y, x] of [
      [7, 6],
      [14, 17],
      [20, 12],
    ] as const) {
      const grey = plain!.data[y * 28 + x]!;
      expect(at(y + 2, x + 2)).toEqual([grey, grey, grey]);
    }
  });
});

describe('drawDigit', () => {
  it('cuts off what a shift moves outside', () => {
    const digit = new Uint8Array(784).fill(9);
    const sample = new Uint8Array(784);
    drawDigit(digit, sample, { side: 28, channels: 1, dx: 27, dy: -27 });
    expect(sample.filter((byte) => byte === 9)).toHaveLength(1);
    expect(sample[27]).toBe(9);
  });
});

describe('readIdx', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'refold-idx-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['empty', []],
    ['another type', [0, 0, 13, 1, 0, 0, 0, 1, 5]],
    ['a header cut short', [0, 0, 8, 3, 0]],
    ['data cut short', [0, 0, 8, 1, 0, 0, 0, 2, 5]],
    ['too much data', [0, 0, 8, 1, 0, 0, 0, 1, 5, 5]],
  ])('refuses %s', (name, bytes) => {
    const file = path.join(folder, name);
    writeFileSync(file, Uint8Array.from(bytes));
    expect(() => readIdx(file)).toThrow(expect.objectContaining({ code: 'RF-DATA-IDX' }));
  });
});
