const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A count with three digits: `41.5 k`, `1.36 G`, `288`. */
export function quantity(count: number): string {
  for (const [size, prefix] of UNITS) {
    // 999,999 is 1.00 M, not 1000 k.
    if (count >= size * 0.9995) return `${threeDigits(count / size)} ${prefix}`;
  }
  return String(count);
}

function threeDigits(value: number): string {
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}
