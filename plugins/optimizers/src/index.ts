import { definePlugin, Optimizer } from '@refold/core';
import { z } from 'zod';
import { adamwRule } from './adamw-rule.js';
import { sgdRule } from './sgd-rule.js';
import { weightDecayOf } from './weight-decay-of.js';

const decay = (fallback: number) => ({
  weightDecay: z
    .number()
    .min(0)
    .default(fallback)
    .describe('Weight decay (L2 for SGD, decoupled for AdamW).'),
  weightDecayFilter: z
    .enum(['none', 'norm-and-bias'])
    .default('none')
    .describe('Parameters that do not decay: none, or those of norms and biases.'),
});
const momentum = z.number().min(0).lt(1).default(0.9).describe('Share of the old direction kept.');
const beta = z.number().min(0).lt(1);

/** SGD, momentum, Nesterov and AdamW, each as PyTorch computes it. */
export default definePlugin({
  name: '@refold/plugin-optimizers',
  apiVersion: 1,
  setup({ provide }) {
    provide(Optimizer, {
      use: ['sgd'],
      options: z.strictObject(decay(0)),
      create: ({ options: { weightDecay, weightDecayFilter } }) => ({
        name: 'sgd',
        rule: (parameters) =>
          sgdRule({
            momentum: 0,
            nesterov: false,
            weightDecay: weightDecayOf(weightDecay, weightDecayFilter, parameters),
          }),
      }),
    });
    provide(Optimizer, {
      use: ['momentum', 'nesterov'],
      options: z.strictObject({ ...decay(0), momentum }),
      create: ({ use, options }) => ({
        name: use,
        rule: (parameters) =>
          sgdRule({
            momentum: options.momentum,
            nesterov: use === 'nesterov',
            weightDecay: weightDecayOf(options.weightDecay, options.weightDecayFilter, parameters),
          }),
      }),
    });
    provide(Optimizer, {
      use: ['adamw'],
      options: z.strictObject({
        ...decay(0.01),
        betas: z.tuple([beta, beta]).default([0.9, 0.999]).describe('Decay of the two moments.'),
        eps: z
          .number()
          .positive()
          .default(1e-8)
          .describe('Added to the root of the second moment.'),
      }),
      create: ({ options }) => ({
        name: 'adamw',
        rule: (parameters) =>
          adamwRule({
            ...options,
            weightDecay: weightDecayOf(options.weightDecay, options.weightDecayFilter, parameters),
          }),
      }),
    });
  },
});
