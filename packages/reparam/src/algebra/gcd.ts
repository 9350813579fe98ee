/** Greatest common divisor of non-negative integers; 0 for none or only zeros. */
export function gcd(...numbers: readonly number[]): number {
  let result = 0;
  for (const n of numbers) {
    let [a, b] = [result, Math.abs(n)];
    while (b !== 0) [a, b] = [b, a % b];
    result = a;
  }
  return result;
}
