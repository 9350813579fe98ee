import { definePlugin, LearningRatePolicy } from '@refold/core';
import { z } from 'zod';

/** Cosine decay with warm restarts (Loshchilov and Hutter 2017), by step within a period of epochs. */
export default definePlugin({
  name: 'refold-plugin-rate-restarts',
  apiVersion: 1,
  section: 'restarts',
  options: z.strictObject({
    periodEpochs: z
      .number()
      .positive()
      .default(10)
      .describe('Epochs from one restart to the next.'),
    minimum: z.number().min(0).default(0).describe('Rate at the end of a period.'),
  }),
  setup({ options: { periodEpochs, minimum }, provide }) {
    provide(LearningRatePolicy, {
      create: () => ({
        describe: () => `cosine, restarting every ${periodEpochs} epochs`,
        apply: (rate, { step, stepsPerEpoch }) => {
          const period = periodEpochs * stepsPerEpoch;
          const phase = (step % period) / period;
          return minimum + ((rate - minimum) * (1 + Math.cos(Math.PI * phase))) / 2;
        },
      }),
    });
  },
});
