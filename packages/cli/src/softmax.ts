/** Probabilities of logits, in float64. */
export function softmax(logits: Float32Array): number[] {
  const largest = logits.reduce((max, x) => Math.max(max, x), -Infinity);
  const powers = Array.from(logits, (x) => Math.exp(x - largest));
  const sum = powers.reduce((total, x) => total + x, 0);
  return powers.map((x) => x / sum);
}
