import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import type { OpDefinition } from './op-definition.js';

/**
 * L = mean over the batch of −Σ_k q[k] · log softmax(x)[k], with
 * q = (1 − labelSmoothing) · target + labelSmoothing / K; an index target is its one-hot row.
 */
export const softmaxCrossEntropy: OpDefinition<'softmax_cross_entropy'> = {
  op: 'softmax_cross_entropy',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({
    labelSmoothing: z.number().min(0).max(1),
    targets: z.enum(['index', 'soft']),
  }),
  shape(_attrs, [input]) {
    if (input?.length !== 1) {
      throw shapeMismatch('softmax_cross_entropy', 'logits [K]', `[${String(input)}]`);
    }
    return [];
  },
};
