import type { BatchPlan, Dataset, LabelledBatch, Split } from '@refold/core';
import {
  expectEqual,
  expectSameNumbers,
  expectThat,
  failExpectation,
} from './framework/expectations.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface DatasetKitOptions extends KitOptions {
  /** Images per batch in the tests, default 4. At least two global batches of three replicas should fit in training. */
  readonly batchSize?: number;
}

/**
 * Conformance kit for datasets: determinism, order, resuming, sharding, shapes, early ends and closing.
 * Reads each split a few times, so give it a small one.
 *
 * @param name shown in the titles
 * @param make makes a fresh dataset; the kit closes it
 */
export function describeDataset(
  name: string,
  make: () => Dataset | Promise<Dataset>,
  options: DatasetKitOptions = {},
): void {
  const { describe, it } = frameworkOf(options.framework);
  const batchSize = options.batchSize ?? 4;
  const plan: BatchPlan = { batchSize, seed: 7, epoch: 0, rank: 0, replicas: 1 };
  const test = (title: string, body: (dataset: Dataset) => Promise<void> | void) =>
    it(title, async () => {
      const dataset = await make();
      try {
        await body(dataset);
      } finally {
        await dataset.close();
      }
    });

  describe(`${name} as a Dataset`, () => {
    test('describes its samples', (dataset) => {
      const { channels, height, width } = dataset.sample;
      const { mean, std } = dataset.normalization;
      expectThat(dataset.classes.length > 0, 'classes', 'at least one', 'none');
      expectEqual(new Set(dataset.classes).size, dataset.classes.length, 'Distinct class names');
      for (const extent of [channels, height, width])
        expectThat(extent > 0 && Number.isInteger(extent), 'sample', 'positive integers', extent);
      expectEqual(mean.length, channels, 'normalization.mean has a value for each channel');
      expectEqual(std.length, channels, 'normalization.std has a value for each channel');
      expectThat(
        std.every((x) => x > 0),
        'normalization.std',
        'positive numbers',
        std,
      );
      expectEqual(dataset.preprocessing.crop, height, 'preprocessing.crop is the sample height');
    });

    for (const which of ['train', 'validation'] as const) {
      test(`${which}: gives batches of the stated shape, with labels in range`, async (dataset) => {
        let batches = 0;
        for await (const batch of dataset[which].batches(plan)) {
          requireBatch(batch, dataset, which, batchSize);
          batches++;
        }
        expectThat(batches > 0, `${which} batches`, 'at least one', 'none');
      });

      test(`${which}: batchCount says how many batches come, for each replica`, async ({
        [which]: split,
      }) => {
        for (const replicas of [1, 2, 3])
          for (let rank = 0; rank < replicas; rank++) {
            const mine = { ...plan, replicas, rank };
            const said = split.batchCount(mine);
            expectEqual((await read(split, mine)).length, said, `Batches of ${place(mine)}`);
          }
      });

      test(`${which}: the same plan gives the same bytes`, async ({ [which]: split }) => {
        requireSame(await read(split, plan), await read(split, plan), which);
      });

      test(`${which}: another dataset object gives the same bytes`, async ({ [which]: split }) => {
        const other = await make();
        try {
          requireSame(await read(other[which], plan), await read(split, plan), which);
        } finally {
          await other.close();
        }
      });

      test(`${which}: firstBatch goes on where a run stopped`, async ({ [which]: split }) => {
        const whole = await read(split, { ...plan, epoch: 1 });
        for (const firstBatch of [1, whole.length]) {
          const rest = await read(split, { ...plan, epoch: 1, firstBatch });
          requireSame(rest, whole.slice(firstBatch), `${which} from batch ${firstBatch}`);
        }
      });

      test(`${which}: can be left early and read again`, async ({ [which]: split }) => {
        for await (const batch of split.batches(plan)) {
          expectThat(batch.images > 0, 'images', 'at least one', batch.images);
          break;
        }
        requireSame(await read(split, plan), await read(split, plan), which);
      });

      test(`${which}: names its samples`, ({ [which]: split }) => {
        const names = [0, split.size - 1].map((sample) => split.sampleName(sample));
        expectThat(
          names.every((text) => text.length > 0),
          'sampleName',
          'a text',
          names,
        );
        if (split.size > 1)
          expectThat(names[0] !== names[1], 'sampleName', 'distinct names', names);
      });
    }

    test('train: another epoch or seed gives another order', async ({ train }) => {
      const order = samplesOf(await read(train, plan));
      for (const change of [{ epoch: 1 }, { seed: 8 }]) {
        const other = samplesOf(await read(train, { ...plan, ...change }));
        expectThat(
          JSON.stringify(other) !== JSON.stringify(order),
          `Order with ${JSON.stringify(change)}`,
          'another than with seed 7, epoch 0',
          'the same',
        );
      }
    });

    test('train: whole batches only, no sample twice, and all replicas in step', async ({
      train,
    }) => {
      for (const replicas of [1, 2, 3]) {
        const shares = await readReplicas(train, { ...plan, replicas });
        for (const batches of shares)
          for (const { images } of batches) expectEqual(images, batchSize, 'Images of a batch');
        const samples = shares.flatMap(samplesOf);
        const expected = Math.floor(train.size / (batchSize * replicas)) * batchSize * replicas;
        requireDistinct(samples, train.size);
        expectEqual(samples.length, expected, `Samples of an epoch on ${replicas} replica(s)`);
        expectEqual(
          new Set(shares.map(({ length }) => length)).size,
          1,
          `Distinct numbers of batches on ${replicas} replica(s)`,
        );
      }
    });

    test('validation: every sample exactly once on any number of replicas', async (dataset) => {
      const { validation } = dataset;
      for (const replicas of [1, 2, 3]) {
        const shares = await readReplicas(validation, { ...plan, replicas });
        const samples = shares.flatMap(samplesOf);
        requireDistinct(samples, validation.size);
        expectEqual(samples.length, validation.size, `Samples on ${replicas} replica(s)`);
      }
    });

    test('validation: in order and not augmented: no epoch or seed changes it', async (dataset) => {
      const { validation } = dataset;
      const batches = await read(validation, plan);
      expectEqual(
        samplesOf(batches),
        Array.from({ length: validation.size }, (_, i) => i),
        'Order',
      );
      requireSame(await read(validation, { ...plan, epoch: 3, seed: 9 }), batches, 'validation');
    });

    it('closes twice without complaint', async () => {
      const dataset = await make();
      await dataset.close();
      await dataset.close();
    });

    it('closes in the middle of a stream', async () => {
      const dataset = await make();
      for await (const batch of dataset.train.batches(plan)) {
        expectThat(batch.images > 0, 'images', 'at least one', batch.images);
        break;
      }
      await dataset.close();
    });
  });
}

/** All batches of a plan, copied: their memory may be reused. */
async function read(split: Split, plan: BatchPlan): Promise<LabelledBatch[]> {
  const batches: LabelledBatch[] = [];
  for await (const batch of split.batches(plan)) {
    const { labels, samples, targets } = batch;
    batches.push({
      ...batch,
      data: batch.data.slice(),
      labels: labels.slice(),
      samples: samples.slice(),
      ...(targets ? { targets: targets.slice() } : {}),
    });
  }
  return batches;
}

async function readReplicas(split: Split, plan: BatchPlan): Promise<LabelledBatch[][]> {
  const shares: LabelledBatch[][] = [];
  for (let rank = 0; rank < plan.replicas; rank++)
    shares.push(await read(split, { ...plan, rank }));
  return shares;
}

function requireBatch(
  batch: LabelledBatch,
  dataset: Dataset,
  which: 'train' | 'validation',
  batchSize: number,
): void {
  const { images, channels, height, width, labels, samples, targets } = batch;
  const classes = dataset.classes.length;
  expectEqual({ channels, height, width }, dataset.sample, 'Extents of the images');
  expectThat(images >= 1 && images <= batchSize, 'images', `1 to ${batchSize}`, images);
  expectThat(['NHWC', 'NCHW'].includes(batch.layout), 'layout', 'NHWC or NCHW', batch.layout);
  expectThat(
    ['Uint8Array', 'Float32Array'].includes(batch.data[Symbol.toStringTag]),
    'data',
    'a Uint8Array or Float32Array',
    batch.data[Symbol.toStringTag],
  );
  expectEqual(batch.data.length, images * channels * height * width, 'Values in data');
  expectEqual(labels.length, images, 'Number of labels');
  expectEqual(samples.length, images, 'Number of sample indices');
  for (const label of labels)
    expectThat(label >= 0 && label < classes, 'A label', `0 to ${classes - 1}`, label);
  for (const sample of samples)
    expectThat(
      sample >= 0 && sample < dataset[which].size,
      'A sample index',
      `0 to ${dataset[which].size - 1}`,
      sample,
    );
  if (targets) requireTargets(targets, images, classes);
}

function requireTargets(targets: Float32Array, images: number, classes: number): void {
  expectEqual(targets.length, images * classes, 'Values in targets');
  for (let n = 0; n < images; n++) {
    const sum = targets.subarray(n * classes, (n + 1) * classes).reduce((a, b) => a + b, 0);
    expectThat(Math.abs(sum - 1) < 1e-4, `Sum of the targets of image ${n}`, 1, sum);
  }
}

function requireSame(received: LabelledBatch[], expected: LabelledBatch[], what: string): void {
  expectEqual(received.length, expected.length, `Batches of ${what}`);
  expected.forEach((batch, k) => {
    const other = received[k]!;
    expectSameNumbers(other.samples, batch.samples, `${what}, samples of batch ${k}`);
    expectSameNumbers(other.labels, batch.labels, `${what}, labels of batch ${k}`);
    expectSameNumbers(other.data, batch.data, `${what}, data of batch ${k}`);
    expectSameNumbers(other.targets ?? [], batch.targets ?? [], `${what}, targets of batch ${k}`);
  });
}

function requireDistinct(samples: readonly number[], size: number): void {
  const seen = new Set<number>();
  for (const sample of samples) {
    if (seen.has(sample)) failExpectation(`Sample ${sample} of ${size}`, 'once', 'twice');
    seen.add(sample);
  }
}

function samplesOf(batches: readonly LabelledBatch[]): number[] {
  return batches.flatMap(({ samples }) => [...samples]);
}

function place({ rank, replicas }: BatchPlan): string {
  return `replica ${rank} of ${replicas}`;
}
