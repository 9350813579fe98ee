import type { Logits } from '../points/device.js';

/** Sums over a batch. */
export interface BatchScore {
  readonly top1: number;
  readonly top5: number;
  /** Sum of −log softmax(logits)[label]. */
  readonly loss: number;
  /** Index of each image's largest logit; the first one on a tie. */
  readonly predicted: Int32Array;
}

/**
 * Scores logits `[images, classes]` against labels. A label counts as in the top k when fewer than k
 * classes have a larger logit; among equal logits the lower index comes first. An image with a logit that is not
 * finite is never right, and makes the loss NaN.
 */
export function scoreBatch({ images, classes, data }: Logits, labels: Int32Array): BatchScore {
  const predicted = new Int32Array(images);
  let top1 = 0;
  let top5 = 0;
  let loss = 0;
  for (let i = 0; i < images; i++) {
    const row = data.subarray(i * classes, (i + 1) * classes);
    const label = labels[i]!;
    const own = row[label]!;
    let best = 0;
    let before = 0;
    for (let k = 0; k < classes; k++) {
      const value = row[k]!;
      if (value > row[best]!) best = k;
      if (value > own || (value === own && k < label)) before++;
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(row[k]! - row[best]!);
    predicted[i] = best;
    // No comparison with NaN holds, so a row with one would count as right.
    if (Number.isFinite(sum)) {
      if (best === label) top1++;
      if (before < 5) top5++;
    }
    loss += Math.log(sum) + row[best]! - own;
  }
  return { top1, top5, loss, predicted };
}
