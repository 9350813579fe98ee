import type { Split } from '@refold/core';
import { classesDiffer } from './errors.js';

/**
 * For each class of a data set the network's index of the class with that name. Where the network has no names,
 * or as many unnamed outputs as the data has classes, classes keep their index.
 *
 * @throws RefoldError `RF-CLI-CLASSES` when a class is unknown to the network
 */
export function classMap(
  dataset: readonly string[],
  network: readonly string[],
  outputs: number,
): readonly number[] {
  const known = new Map(network.map((name, index) => [name, index]));
  const unknown = dataset.filter((name) => !known.has(name));
  if (unknown.length === 0) return dataset.map((name) => known.get(name)!);
  if (network.length === 0 && dataset.length === outputs) return dataset.map((_, index) => index);
  throw classesDiffer(dataset, unknown, outputs);
}

/** A split whose labels are the network's class indices. */
export function withMappedLabels(split: Split, map: readonly number[]): Split {
  return {
    size: split.size,
    batchCount: (plan) => split.batchCount(plan),
    sampleName: (sample) => split.sampleName(sample),
    async *batches(plan) {
      for await (const batch of split.batches(plan)) {
        yield { ...batch, labels: batch.labels.map((label) => map[label]!) };
      }
    },
  };
}
