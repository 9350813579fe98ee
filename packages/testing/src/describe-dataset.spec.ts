import { describe, expect, it } from '@jest/globals';
import type { BatchPlan, Dataset, LabelledBatch, Split } from '@refold/core';
import { describeDataset } from './describe-dataset.js';
import { fakeDataset } from './fakes/fake-dataset.js';
import { failuresOf } from './spec-kit/failures-of.js';

describeDataset('fakeDataset', fakeDataset);
describeDataset('fakeDataset of colour images', () =>
  fakeDataset({ sample: { channels: 3, height: 5, width: 4 }, trainSize: 31 }),
);

/** fakeDataset with one split changed. */
function broken(which: 'train' | 'validation', change: (split: Split) => Partial<Split>) {
  return (): Dataset => {
    const dataset = fakeDataset({ trainSize: 26 });
    return { ...dataset, [which]: { ...dataset[which], ...change(dataset[which]) } };
  };
}

let calls = 0;
const mapBatches =
  (change: (batch: LabelledBatch, plan: BatchPlan) => LabelledBatch) => (split: Split) => ({
    async *batches(plan: BatchPlan) {
      for await (const batch of split.batches(plan)) yield change(batch, plan);
    },
  });
const withPlan = (change: (plan: BatchPlan) => BatchPlan) => (split: Split) => ({
  batches: (plan: BatchPlan) => split.batches(change(plan)),
});

const faults: readonly (readonly [string, () => Dataset, string])[] = [
  [
    'augmentation by a counter',
    broken(
      'train',
      mapBatches((batch) => ({ ...batch, data: batch.data.map((x) => (x + calls++) % 256) })),
    ),
    'train: the same plan gives the same bytes',
  ],
  [
    'one order for all epochs',
    broken(
      'train',
      withPlan((plan) => ({ ...plan, epoch: 0 })),
    ),
    'train: another epoch or seed gives another order',
  ],
  [
    'a resumed epoch that starts over',
    broken(
      'train',
      withPlan((plan) => ({ ...plan, firstBatch: 0 })),
    ),
    'train: firstBatch goes on where a run stopped',
  ],
  [
    'validation that every replica sees whole',
    broken(
      'validation',
      withPlan((plan) => ({ ...plan, rank: 0, replicas: 1 })),
    ),
    'validation: every sample exactly once on any number of replicas',
  ],
  [
    'validation shuffled by the seed',
    broken('validation', (split) => ({
      async *batches(plan: BatchPlan) {
        const all: LabelledBatch[] = [];
        for await (const batch of split.batches(plan)) all.push(batch);
        yield* plan.seed % 2 ? all.reverse() : all;
      },
    })),
    'validation: in order and not augmented',
  ],
  [
    'labels that start at one',
    broken(
      'train',
      mapBatches((batch) => ({ ...batch, labels: batch.labels.map((label) => label + 1) })),
    ),
    'Expected 0 to 2\nReceived 3',
  ],
  [
    'a count that is off by one',
    broken('validation', (split) => ({ batchCount: (plan) => split.batchCount(plan) + 1 })),
    'validation: batchCount says how many batches come',
  ],
];

describe('describeDataset', () => {
  it.each(faults)('catches %s', async (_fault, make, symptom) => {
    const failures = await failuresOf((framework) =>
      describeDataset('broken', make, { framework }),
    );
    expect(failures.join('\n')).toContain(symptom);
  });
});
