import { sizeOf } from '../tensor.js';
import { noAttrs } from './no-attrs.js';
import type { OpDefinition } from './op-definition.js';

/** y[(c·H + h)·W + w] = x[c, h, w]. */
export const flatten: OpDefinition<'flatten'> = {
  op: 'flatten',
  inputs: { min: 1, max: 1 },
  attrs: noAttrs,
  shape: (_attrs, [input = []]) => [sizeOf(input)],
};
