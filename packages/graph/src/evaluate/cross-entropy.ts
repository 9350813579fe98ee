import type { SoftmaxCrossEntropyAttrs } from '../op-attrs.js';
import type { Float64Tensor } from './kernel.js';

/** Class indices `[N]`, or soft rows `[N, K]`. */
export type Targets = Int32Array | Float32Array | Float64Array;

/** The mean loss of a batch of logits `[N, K]`. */
export function crossEntropy(
  logits: Float64Tensor,
  targets: Targets,
  { labelSmoothing, targets: kind }: SoftmaxCrossEntropyAttrs,
): number {
  const [batch = 0, classes = 0] = logits.shape;
  let total = 0;
  for (let n = 0; n < batch; n++) {
    const row = logits.data.subarray(n * classes, (n + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const logSum = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
    for (let k = 0; k < classes; k++) {
      const target = kind === 'soft' ? targets[n * classes + k]! : Number(targets[n] === k);
      const smooth = (1 - labelSmoothing) * target + labelSmoothing / classes;
      total += smooth * (logSum - row[k]!);
    }
  }
  return total / batch;
}
