import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { fastvitGraph } from './fastvit-graph.js';
import { fastvitVariants, type FastvitSpec } from './fastvit-spec.js';
import { appleWeightName, timmWeightName } from './weight-names.js';

export { fastvitGraph } from './fastvit-graph.js';
export { fastvitVariants, type FastvitSpec } from './fastvit-spec.js';
export { appleWeightName, timmWeightName } from './weight-names.js';

const count = z.number().int().positive();
const rate = z.number().min(0).lt(1).default(0);
const rates = {
  dropRate: rate.describe('Probability of drop-out before the classifier.'),
  dropPathRate: rate.describe('Drop-path rate of the last block; from 0, growing evenly.'),
};

const customOptions = z
  .strictObject({
    depths: z.array(count).min(1).describe('Blocks per stage.'),
    widths: z
      .array(count)
      .min(1)
      .describe('Channels per stage; as many as depths; each a multiple of the one before.'),
    mlpRatio: z.number().positive().default(3).describe('Widens the channel mixers.'),
    layerScale: z.number().default(1e-5).describe('First value of the layer scales.'),
    ...rates,
  })
  .refine(({ depths, widths }) => depths.length === widths.length, {
    message: 'depths and widths must have as many entries',
    path: ['widths'],
  })
  .refine(({ widths }) => widths.every((width, i) => i === 0 || width % widths[i - 1]! === 0), {
    message:
      "each width must be a multiple of the one before: a stage's first convolution is depthwise",
    path: ['widths'],
  });

/** FastViT without attention: T8, T12 and S12 by name, and `fastvit` with depths and widths of your own. */
export default definePlugin({
  name: '@refold/plugin-model-fastvit',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(fastvitVariants),
      options: z.strictObject(rates),
      create: ({ use, options }) => model(use, { ...fastvitVariants[use]!, ...options }),
    });
    provide(Model, {
      use: ['fastvit'],
      options: customOptions,
      create: ({ use, options: { mlpRatio, ...options } }) =>
        model(use, { ...options, mlpRatios: options.widths.map(() => mlpRatio) }),
    });
  },
});

function model(name: string, spec: FastvitSpec): Model {
  return {
    name,
    build: (context) => fastvitGraph(spec, context),
    weightNames: { timm: timmWeightName, apple: appleWeightName },
  };
}
