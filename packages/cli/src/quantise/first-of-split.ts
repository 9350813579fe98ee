import type { LabelledBatch, Split } from '@refold/core';

/** The first images of a split as a split of their own, on one replica; the last batch is cut where it must be. */
export function firstOfSplit(split: Split, images: number): Split {
  const size = Math.min(images, split.size);
  return {
    size,
    batchCount: ({ batchSize }) => Math.ceil(size / batchSize),
    sampleName: (sample) => split.sampleName(sample),
    async *batches(plan) {
      let left = size;
      for await (const batch of split.batches(plan)) {
        yield batch.images <= left ? batch : cut(batch, left);
        left -= batch.images;
        if (left <= 0) return;
      }
    },
  };
}

function cut(batch: LabelledBatch, images: number): LabelledBatch {
  const { data, labels, samples } = batch;
  const each = data.length / batch.images;
  return {
    ...batch,
    images,
    data: data.subarray(0, images * each),
    labels: labels.subarray(0, images),
    samples: samples.subarray(0, images),
  };
}
