import type { LabelledBatch, Split } from '../points/dataset.js';

/**
 * The first images of a split in whole batches, on one replica: what a fusion is proved on.
 *
 * @param images at least as many, where the split has them
 */
export async function* firstImages(
  split: Split,
  { images, batchSize }: { readonly images: number; readonly batchSize: number },
): AsyncGenerator<LabelledBatch> {
  const plan = { batchSize, seed: 0, epoch: 0, rank: 0, replicas: 1 };
  let given = 0;
  for await (const batch of split.batches(plan)) {
    yield batch;
    given += batch.images;
    if (given >= images) return;
  }
}
