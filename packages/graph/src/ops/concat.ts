import { shapeMismatch } from '../errors.js';
import { equalShapes } from './equal-shapes.js';
import { noAttrs } from './no-attrs.js';
import type { OpDefinition } from './op-definition.js';

/** y = x₁, x₂, … one after the other along the channels (the first axis of the sample). */
export const concat: OpDefinition<'concat'> = {
  op: 'concat',
  inputs: { min: 2, max: Infinity },
  attrs: noAttrs,
  shape(_attrs, inputs) {
    const [, ...rest] = inputs[0] ?? [];
    const other = inputs.find((shape) => shape.length === 0 || !equalShapes(shape.slice(1), rest));
    if (other) {
      throw shapeMismatch(
        'concat',
        `inputs of the shape [${['*', ...rest].join()}]`,
        `[${String(other)}]`,
      );
    }
    return [inputs.reduce((sum, [channels = 0]) => sum + channels, 0), ...rest];
  },
};
