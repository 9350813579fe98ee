// Names: N images, K classes; q_NK what the network should answer, p_NK = softmax of the logits.

export interface CrossEntropy {
  /** Mean over the batch. */
  readonly loss: number;
  /** By the logits, `[N, K]`. */
  readonly gradient: Float64Array;
  /** Images whose largest logit is at their largest target. */
  readonly correct: number;
}

/**
 * Softmax cross-entropy: mean over the batch of −Σ q · log p, with q = (1 − s) · target + s / K.
 *
 * @param logits_NK row-major `[images, classes]`
 * @param targets_NK rows that sum to one; `oneHot` makes them from labels
 */
export function crossEntropy(
  logits_NK: Float64Array,
  targets_NK: ArrayLike<number>,
  images: number,
  labelSmoothing: number,
): CrossEntropy {
  const classes = logits_NK.length / images;
  const gradient = new Float64Array(logits_NK.length);
  let loss = 0;
  let correct = 0;
  for (let n = 0; n < images; n++) {
    const row = logits_NK.subarray(n * classes, (n + 1) * classes);
    const target = Array.from({ length: classes }, (_, k) => targets_NK[n * classes + k]!);
    const largest = Math.max(...row);
    const logSum = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
    target.forEach((t, k) => {
      const q = (1 - labelSmoothing) * t + labelSmoothing / classes;
      loss -= (q * (row[k]! - logSum)) / images;
      gradient[n * classes + k] = (Math.exp(row[k]! - logSum) - q) / images;
    });
    if (row.indexOf(largest) === target.indexOf(Math.max(...target))) correct++;
  }
  return { loss, gradient, correct };
}

/** Labels as rows of targets. */
export function oneHot(labels: Int32Array, classes: number): Float64Array {
  const targets = new Float64Array(labels.length * classes);
  labels.forEach((label, n) => (targets[n * classes + label] = 1));
  return targets;
}
