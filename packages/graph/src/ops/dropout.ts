import { dropAttrs } from './drop-attrs.js';
import { sameShape } from './elementwise.js';
import type { OpDefinition } from './op-definition.js';

/** Training: y = m · x / (1 − rate), with m 0 with probability `rate`, else 1, for each element. Inference: y = x. */
export const dropout: OpDefinition<'dropout'> = {
  op: 'dropout',
  inputs: { min: 1, max: 1 },
  attrs: dropAttrs,
  shape: sameShape,
};
