import { elementwise } from './elementwise.js';

/** y = 1 / (1 + e^−x) */
export const sigmoid = elementwise('sigmoid');
