import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import { equalShapes } from './equal-shapes.js';
import type { OpDefinition } from './op-definition.js';

/** y = factors[0] · x₁ + factors[1] · x₂ + … with constant factors: 1, −1 subtracts, ½, ½ averages. */
export const weightedSum: OpDefinition<'weighted_sum'> = {
  op: 'weighted_sum',
  inputs: { min: 1, max: Infinity },
  attrs: z.strictObject({ factors: z.array(z.number()).min(1).readonly() }),
  shape({ factors }, inputs) {
    const [first = []] = inputs;
    if (factors.length !== inputs.length) {
      throw shapeMismatch('weighted_sum', `${factors.length} inputs`, `${inputs.length}`);
    }
    const other = inputs.find((shape) => !equalShapes(shape, first));
    if (other) {
      const expected = `inputs of the shape [${String(first)}]`;
      throw shapeMismatch('weighted_sum', expected, `[${String(other)}]`);
    }
    return first;
  },
};
