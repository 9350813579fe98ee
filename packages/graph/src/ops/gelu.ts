import { elementwise } from './elementwise.js';

/** y = x · Φ(x) = x / 2 · (1 + erf(x / √2)): the exact form, not the tanh approximation. */
export const gelu = elementwise('gelu');
