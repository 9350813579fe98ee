import { elementwise } from './elementwise.js';

/** y = x · min(max(x + 3, 0), 6) / 6 */
export const hardSwish = elementwise('hard_swish');
