import { imageShape } from './image-shape.js';
import { noAttrs } from './no-attrs.js';
import type { OpDefinition } from './op-definition.js';

/** y[c, 0, 0] = mean of x[c] over height and width. */
export const globalAvgPool: OpDefinition<'global_avg_pool'> = {
  op: 'global_avg_pool',
  inputs: { min: 1, max: 1 },
  attrs: noAttrs,
  shape: (_attrs, [input]) => [imageShape('global_avg_pool', input)[0], 1, 1],
};
