import { elementwise } from './elementwise.js';

/** y = max(x, 0) */
export const relu = elementwise('relu');
