import { z } from 'zod';
import type { OpDefinition } from './op-definition.js';

/** y = the sample given to the network. Exactly one per graph, its first node. */
export const input: OpDefinition<'input'> = {
  op: 'input',
  inputs: { min: 0, max: 0 },
  attrs: z.strictObject({
    shape: z.array(z.number().int().positive()).min(1).max(3).readonly(),
    dtype: z.enum(['uint8', 'float32']),
  }),
  shape: (attrs) => attrs.shape,
};
