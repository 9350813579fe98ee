import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { mobileoneGraph } from './mobileone-graph.js';
import { mobileoneVariants, type MobileoneSpec } from './mobileone-spec.js';
import { appleForeignName, appleWeightName } from './weight-names.js';

export { mobileoneGraph } from './mobileone-graph.js';
export { mobileoneVariants, type MobileoneSpec } from './mobileone-spec.js';
export { appleForeignName, appleWeightName } from './weight-names.js';

const count = z.number().int().positive();
const dropRate = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Probability of drop-out before the classifier.');

const customOptions = z
  .strictObject({
    depths: z.array(count).min(1).describe('Pairs of depthwise and pointwise blocks per stage.'),
    widths: z.array(count).min(1).describe('Channels per stage; as many as depths.'),
    stem: count
      .optional()
      .describe("Channels of the first block; default: the first stage's, at most 64."),
    branches: count.default(1).describe('Equal convolution branches per block.'),
    squeezeExcite: z
      .array(z.number().int().nonnegative())
      .default([])
      .describe('Pairs with squeeze-excite at the end of each stage.'),
    dropRate,
  })
  .refine(({ depths, widths }) => depths.length === widths.length, {
    message: 'depths and widths must have as many entries',
    path: ['widths'],
  });

/** MobileOne: S0 to S4 by name, and `mobileone` with depths and widths of your own. */
export default definePlugin({
  name: '@refold/plugin-model-mobileone',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(mobileoneVariants),
      options: z.strictObject({ dropRate }),
      create: ({ use, options }) => model(use, { ...mobileoneVariants[use]!, ...options }),
    });
    provide(Model, {
      use: ['mobileone'],
      options: customOptions,
      create: ({ use, options }) =>
        model(use, { ...options, stem: options.stem ?? Math.min(64, options.widths[0]!) }),
    });
  },
});

function model(name: string, spec: MobileoneSpec): Model {
  return {
    name,
    build: (context) => mobileoneGraph(spec, context),
    ownNames: 'timm',
    weightNames: { apple: appleWeightName },
    foreignNames: { apple: appleForeignName },
  };
}
