import type { LabelledBatch } from '@refold/core';
import type { SoftmaxCrossEntropyAttrs } from '@refold/graph';
import { batchMismatch } from '../errors.js';

export interface CrossEntropy {
  /** Mean over the batch. */
  readonly loss: number;
  /** Rows whose largest logit is their label, or their largest soft target. */
  readonly correct: number;
  /** Gradient of `loss` by the logits, `[images, classes]`. */
  readonly dLogits: Float32Array;
}

/**
 * L = −1/N Σ_n Σ_k q[n, k] log softmax(x[n])[k], q = (1 − ε) · target + ε / K; dx = (softmax(x) · Σ_k q − q) / N.
 * In float64, rounded once.
 *
 * @throws RefoldError `RF-DEVICE-BATCH` where labels or targets do not fit the logits
 */
export function crossEntropy(
  logits: Float32Array,
  classes: number,
  batch: LabelledBatch,
  { labelSmoothing, targets }: SoftmaxCrossEntropyAttrs,
): CrossEntropy {
  const { images } = batch;
  const target = targetReader(batch, classes, targets);
  const dLogits = new Float32Array(images * classes);
  const spread = labelSmoothing / classes;
  let loss = 0;
  let correct = 0;
  for (let n = 0; n < images; n++) {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    const best = argmax(row);
    const largest = row[best] as number;
    let sum = 0;
    for (const x of row) sum += Math.exp(x - largest);
    const logSum = Math.log(sum) + largest;
    let total = 0;
    let label = 0;
    for (let k = 0; k < classes; k++) {
      if (target(n, k) > target(n, label)) label = k;
      const q = (1 - labelSmoothing) * target(n, k) + spread;
      total += q;
      if (q !== 0) loss -= q * ((row[k] as number) - logSum);
    }
    for (let k = 0; k < classes; k++) {
      const q = (1 - labelSmoothing) * target(n, k) + spread;
      dLogits[n * classes + k] = (Math.exp((row[k] as number) - logSum) * total - q) / images;
    }
    if (best === label) correct++;
  }
  return { loss: loss / images, correct, dLogits };
}

function targetReader(
  { labels, targets, images }: LabelledBatch,
  classes: number,
  kind: 'index' | 'soft',
): (n: number, k: number) => number {
  if (kind === 'soft' && targets) {
    if (targets.length !== images * classes) {
      const expected = `${images * classes} soft targets`;
      throw batchMismatch('its targets', expected, String(targets.length));
    }
    return (n, k) => targets[n * classes + k] as number;
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (labels.length !== images || wrong >= 0) {
    throw batchMismatch(
      'its labels',
      `${images} labels from 0 to ${classes - 1}`,
      wrong >= 0 ? `label ${labels[wrong]}` : `${labels.length} labels`,
    );
  }
  return (n, k) => (labels[n] === k ? 1 : 0);
}

/** Index of the first largest value. */
function argmax(row: Float32Array): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if ((row[k] as number) > (row[best] as number)) best = k;
  return best;
}
