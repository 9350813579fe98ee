import { elementwise } from './elementwise.js';

/** y = min(max(x + 3, 0), 6) / 6 */
export const hardSigmoid = elementwise('hard_sigmoid');
