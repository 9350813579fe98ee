import {
  sampleBatchCount,
  sampleOrder,
  type BatchPlan,
  type Dataset,
  type LabelledBatch,
  type Split,
} from '@refold/core';
import { randomOf } from '@refold/graph';
import { tinySample } from './tiny-graph.js';

export interface FakeDatasetOptions {
  /** Default 3. */
  readonly classes?: number;
  /** Samples, default 24. */
  readonly trainSize?: number;
  /** Samples, default 10. */
  readonly validationSize?: number;
  /** Default: that of `tinyGraph`, one channel of 6 × 6. */
  readonly sample?: Dataset['sample'];
}

/** A dataset in memory, with a note of whether it was closed. */
export interface FakeDataset extends Dataset {
  readonly closed: boolean;
}

/**
 * Small uint8 images (NHWC) that a network can learn: class k is bright in its own rows, with noise that comes from
 * split and sample index alone. Sample i has the label i modulo the number of classes.
 */
export function fakeDataset(options: FakeDatasetOptions = {}): FakeDataset {
  const { classes = 3, trainSize = 24, validationSize = 10, sample = tinySample } = options;
  const names = Array.from({ length: classes }, (_, k) => `class ${k}`);
  const channels = Array.from({ length: sample.channels });
  let closed = false;
  return {
    classes: names,
    sample,
    normalization: { mean: channels.map(() => 0.5), std: channels.map(() => 0.25) },
    preprocessing: {
      resize: null,
      crop: sample.height,
      interpolation: 'bilinear',
      channels: sample.channels === 1 ? 1 : 3,
    },
    train: fakeSplit('train', trainSize, classes, sample),
    validation: fakeSplit('validation', validationSize, classes, sample),
    get closed() {
      return closed;
    },
    close: async () => {
      closed = true;
    },
  };
}

function fakeSplit(
  name: 'train' | 'validation',
  size: number,
  classes: number,
  sample: Dataset['sample'],
): Split {
  const train = name === 'train';
  const use = { shuffle: train, dropLast: train };
  return {
    size,
    batchCount: (plan) => sampleBatchCount(plan, size, use),
    sampleName: (index) => `${name}/${index}`,
    async *batches(plan: BatchPlan) {
      for (const samples of sampleOrder(plan, size, use).slice(plan.firstBatch ?? 0))
        yield fakeBatch(name, samples, classes, sample);
    },
  };
}

function fakeBatch(
  split: string,
  samples: Int32Array,
  classes: number,
  { channels, height, width }: Dataset['sample'],
): LabelledBatch {
  const size = channels * height * width;
  const labels = samples.map((index) => index % classes);
  const data = new Uint8Array(samples.length * size);
  samples.forEach((index, n) => {
    const random = randomOf(0, split, index);
    for (let i = 0; i < size; i++) {
      const row = Math.floor(i / (width * channels));
      const bright = Math.floor((row * classes) / height) === labels[n];
      data[n * size + i] = (bright ? 160 : 32) + random.int(64);
    }
  });
  return {
    images: samples.length,
    channels,
    height,
    width,
    layout: 'NHWC',
    data,
    labels,
    samples: samples.slice(),
  };
}
