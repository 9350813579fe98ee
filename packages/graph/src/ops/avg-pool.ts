import { z } from 'zod';
import type { OpDefinition } from './op-definition.js';
import { poolAttrs, poolShape } from './pool-shape.js';

/**
 * y[c, y, x] = mean of x[c, y·s + dy − p, x·s + dx − p] over the kernel.
 * With `countIncludePad` padded zeros count (division by kh·kw always); without, only real values are counted.
 */
export const avgPool: OpDefinition<'avg_pool'> = {
  op: 'avg_pool',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({ ...poolAttrs, countIncludePad: z.boolean() }),
  shape: (attrs, [input]) => poolShape('avg_pool', attrs, input),
};
