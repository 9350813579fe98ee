import type { OpName } from '@refold/graph';
import type { ReferenceOp } from './reference-op.js';

const sigmoidOf = (x: number) => 1 / (1 + Math.exp(-x));
const normalDensity = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const normalCdf = (x: number) => (1 + erf(x / Math.SQRT2)) / 2;

/** Error function by its series of positive terms, 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, to 1e-15. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** An elementwise op from its function and derivative. */
function activation<K extends OpName>(
  f: (x: number) => number,
  derivative: (x: number) => number,
): ReferenceOp<K> {
  return ({ inputs }) => {
    const { shape, data } = inputs[0]!;
    return {
      output: { shape, data: data.map(f) },
      backward: (dy) => ({ inputs: [dy.map((g, i) => g * derivative(data[i]!))] }),
    };
  };
}

export const relu = activation<'relu'>(
  (x) => Math.max(x, 0),
  (x) => (x > 0 ? 1 : 0),
);
export const relu6 = activation<'relu6'>(
  (x) => Math.min(Math.max(x, 0), 6),
  (x) => (x > 0 && x < 6 ? 1 : 0),
);
export const sigmoid = activation<'sigmoid'>(sigmoidOf, (x) => sigmoidOf(x) * (1 - sigmoidOf(x)));
export const hardSigmoid = activation<'hard_sigmoid'>(
  (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
  (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
);
export const silu = activation<'silu'>(
  (x) => x * sigmoidOf(x),
  (x) => sigmoidOf(x) * (1 + x * (1 - sigmoidOf(x))),
);
export const gelu = activation<'gelu'>(
  (x) => x * normalCdf(x),
  (x) => normalCdf(x) + x * normalDensity(x),
);
export const hardSwish = activation<'hard_swish'>(
  (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
);
