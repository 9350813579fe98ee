/** How far two answers are apart. */
export interface Difference {
  readonly abs: number;
  readonly rel: number;
}

/**
 * Largest |a − b|, and ‖a − b‖₂ / ‖a‖₂ (0 for two zero vectors, infinite where only `a` is zero, NaN where either
 * has a NaN).
 */
export function differenceOf(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  from = 0,
  to = a.length,
): Difference {
  let abs = 0;
  let squares = 0;
  let norm = 0;
  for (let i = from; i < to; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    // NaN wins, and stays.
    abs = Math.max(abs, d);
    squares += d * d;
    norm += a[i]! * a[i]!;
  }
  return { abs, rel: squares === 0 ? 0 : Math.sqrt(squares) / Math.sqrt(norm) };
}
