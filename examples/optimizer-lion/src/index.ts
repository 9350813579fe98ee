import { definePlugin, Optimizer } from '@refold/core';
import { expr } from '@refold/graph';
import { z } from 'zod';

const { add, mul, sub, sign, gradient, parameter, rate, slot, hyper } = expr;

/**
 * Lion (Chen et al. 2023): the sign of an interpolated momentum, with decoupled weight decay.
 *
 *     p ← p − rate · (sign(β₁·m + (1 − β₁)·g) + λ·p)
 *     m ← β₂·m + (1 − β₂)·g
 */
export default definePlugin({
  name: 'refold-plugin-optimizer-lion',
  apiVersion: 1,
  setup({ provide }) {
    provide(Optimizer, {
      use: ['lion'],
      options: z.strictObject({
        beta1: z.number().min(0).lt(1).default(0.9),
        beta2: z.number().min(0).lt(1).default(0.99),
        weightDecay: z.number().min(0).default(0),
      }),
      create: ({ options: { beta1, beta2, weightDecay } }) => ({
        name: 'lion',
        rule: () => {
          const m = slot('momentum');
          const direction = sign(add(mul(m, beta1), mul(gradient, 1 - beta1)));
          const step = mul(rate, add(direction, mul(hyper('weightDecay'), parameter)));
          return {
            name: 'lion',
            slots: [{ name: 'momentum', init: 0 }],
            hyper: { weightDecay: { value: weightDecay } },
            assignments: [
              { target: { parameter: true }, value: sub(parameter, step) },
              {
                target: { slot: 'momentum' },
                value: add(mul(m, beta2), mul(gradient, 1 - beta2)),
              },
            ],
          };
        },
      }),
    });
  },
});
