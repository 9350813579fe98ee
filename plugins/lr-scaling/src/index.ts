import { definePlugin, LearningRatePolicy } from '@refold/core';
import { z } from 'zod';
import { rateScaling } from './rate-scaling.js';

/** Scales the base learning rate by global batch / reference batch. */
export default definePlugin({
  name: '@refold/plugin-lr-scaling',
  apiVersion: 1,
  section: 'rate',
  keys: { rule: 'scaling' },
  options: z.strictObject({
    rule: z
      .enum(['linear', 'sqrt', 'none'])
      .default('linear')
      .describe('How the rate follows the global batch.'),
    referenceGlobalBatch: z
      .number()
      .int()
      .positive()
      .default(256)
      .describe('Global batch that the base rate was chosen for.'),
  }),
  setup({ options, provide }) {
    provide(LearningRatePolicy, { create: () => rateScaling(options) });
  },
});
