import type { OpDefinition } from './op-definition.js';
import { plainPoolAttrs, poolShape } from './pool-shape.js';

/** y[c, y, x] = max of x[c, y·s + dy − p, x·s + dx − p] over the kernel; padding never wins. */
export const maxPool: OpDefinition<'max_pool'> = {
  op: 'max_pool',
  inputs: { min: 1, max: 1 },
  attrs: plainPoolAttrs,
  shape: (attrs, [input]) => poolShape('max_pool', attrs, input),
};
