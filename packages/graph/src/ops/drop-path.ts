import { dropAttrs } from './drop-attrs.js';
import { sameShape } from './elementwise.js';
import type { OpDefinition } from './op-definition.js';

/** Training: y = m · x / (1 − rate), with m 0 with probability `rate`, else 1, for each sample. Inference: y = x. */
export const dropPath: OpDefinition<'drop_path'> = {
  op: 'drop_path',
  inputs: { min: 1, max: 1 },
  attrs: dropAttrs,
  shape: sameShape,
};
