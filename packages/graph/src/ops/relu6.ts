import { elementwise } from './elementwise.js';

/** y = min(max(x, 0), 6) */
export const relu6 = elementwise('relu6');
