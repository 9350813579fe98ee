/**
 * 2-norm of the difference over the 2-norm of the reference; Infinity where the lengths differ, the 2-norm of the
 * values where the reference is zero.
 */
export function relativeError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length) return Infinity;
  let [difference, norm] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    difference += (values[i]! - reference[i]!) ** 2;
    norm += reference[i]! ** 2;
  }
  return Math.sqrt(difference / (norm || 1));
}
