import { elementwise } from './elementwise.js';

/** y = x · sigmoid(x) = x / (1 + e^−x) */
export const silu = elementwise('silu');
