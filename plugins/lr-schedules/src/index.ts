import { definePlugin, LearningRatePolicy } from '@refold/core';
import { z } from 'zod';
import { schedule } from './schedule.js';

/** Linear warm-up and a decay of the learning rate, by step. */
export default definePlugin({
  name: '@refold/plugin-lr-schedules',
  apiVersion: 1,
  section: 'rate',
  options: z.strictObject({
    schedule: z
      .enum(['cosine', 'step', 'multi-step', 'polynomial', 'constant'])
      .default('cosine')
      .describe('Form of the decay after the warm-up.'),
    warmupEpochs: z
      .number()
      .min(0)
      .default(0)
      .describe('Epochs of linear warm-up; may be a fraction.'),
    warmupFactor: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Share of the rate at the first step.'),
    minimum: z.number().min(0).default(0).describe('The rate does not fall below this.'),
    decayEpochs: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe('Epochs of the decay, or between drops for step; null: the rest of the run.'),
    decayRate: z
      .number()
      .positive()
      .max(1)
      .default(0.1)
      .describe('Factor of each drop (step, multi-step).'),
    milestones: z
      .array(z.number().min(0))
      .default([])
      .describe('Epochs of the drops (multi-step).'),
    power: z.number().positive().default(1).describe('Exponent (polynomial).'),
  }),
  setup({ options, provide }) {
    provide(LearningRatePolicy, { create: () => schedule(options) });
  },
});
