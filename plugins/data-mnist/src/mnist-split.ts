import { sampleBatchCount, sampleOrder, type LabelledBatch, type Split } from '@refold/core';
import { randomOf } from '@refold/graph';
import { drawDigit } from './draw-digit.js';
import type { Idx } from './read-idx.js';

export interface MnistSplitOptions {
  readonly images: Idx;
  readonly labels: Idx;
  /** Samples used, from the start of the file. */
  readonly size: number;
  readonly side: number;
  readonly channels: 1 | 3;
  readonly training: boolean;
  /** Largest random shift in pixels, each way; training only. */
  readonly shift: number;
}

/** A split over digits that lie in memory. Batches are made as they are asked for. */
export function mnistSplit(options: MnistSplitOptions): Split {
  const { size, training } = options;
  const use = { shuffle: training, dropLast: training };
  return {
    size,
    batchCount: (plan) => sampleBatchCount(plan, size, use),
    sampleName: (sample) => `${training ? 'train' : 't10k'}/${sample}`,

    async *batches(plan) {
      for (const samples of sampleOrder(plan, size, use).slice(plan.firstBatch ?? 0)) {
        yield makeBatch(options, samples, plan);
      }
    },
  };
}

function makeBatch(
  { images, labels, side, channels, training, shift }: MnistSplitOptions,
  samples: Int32Array,
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): LabelledBatch {
  const sampleBytes = side * side * channels;
  const digitBytes = images.shape[1]! * images.shape[2]!;
  const data = new Uint8Array(samples.length * sampleBytes);
  for (const [i, sample] of samples.entries()) {
    const digit = images.data.subarray(sample * digitBytes, (sample + 1) * digitBytes);
    const random = training && shift > 0 ? randomOf(seed, 'shift', epoch, sample) : null;
    const move = (): number => (random ? random.int(2 * shift + 1) - shift : 0);
    const target = data.subarray(i * sampleBytes, (i + 1) * sampleBytes);
    drawDigit(digit, target, { side, channels, dx: move(), dy: move() });
  }
  return {
    images: samples.length,
    channels,
    height: side,
    width: side,
    layout: 'NHWC',
    data,
    labels: samples.map((sample) => labels.data[sample]!),
    samples: samples.slice(),
  };
}
