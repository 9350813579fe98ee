import { erf } from './erf.js';
import type { KernelCall } from './kernel.js';
import type { OpName } from '../op-attrs.js';

type Call = Pick<KernelCall<OpName>, 'inputs'>;
const each =
  (f: (x: number) => number) =>
  ({ inputs: [x] }: Call): Float64Array =>
    x!.data.map(f);

const sigmoidOf = (x: number) => 1 / (1 + Math.exp(-x));

/** NaN stays NaN, as in PyTorch. */
export const relu = each((x) => (x <= 0 ? 0 : x));
export const relu6 = each((x) => Math.min(Math.max(x, 0), 6));
export const sigmoid = each(sigmoidOf);
export const hardSigmoid = each((x) => Math.min(Math.max(x + 3, 0), 6) / 6);
export const silu = each((x) => x * sigmoidOf(x));
export const gelu = each((x) => (x / 2) * (1 + erf(x / Math.SQRT2)));
export const hardSwish = each((x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6);
/** Dropout and drop_path of a network that is not being trained. */
export const identity = ({ inputs: [x] }: Call): Float64Array => x!.data;
