import { shapeMismatch } from '../errors.js';
import { equalShapes } from './equal-shapes.js';
import { noAttrs } from './no-attrs.js';
import type { OpDefinition } from './op-definition.js';

/** y = x₁ + x₂ + … */
export const add: OpDefinition<'add'> = {
  op: 'add',
  inputs: { min: 2, max: Infinity },
  attrs: noAttrs,
  shape(_attrs, [first = [], ...others]) {
    const other = others.find((shape) => !equalShapes(shape, first));
    if (other)
      throw shapeMismatch('add', `inputs of the shape [${String(first)}]`, `[${String(other)}]`);
    return first;
  },
};
