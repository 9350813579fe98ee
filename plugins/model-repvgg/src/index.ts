import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { repvggGraph } from './repvgg-graph.js';
import { repvggVariants, type RepvggSpec } from './repvgg-spec.js';
import { repvggWeightNames } from './weight-names.js';

export { repvggGraph } from './repvgg-graph.js';
export { repvggVariants, type RepvggSpec } from './repvgg-spec.js';

const count = z.number().int().positive();
const dropRate = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Probability of drop-out before the classifier.');

const customOptions = z
  .strictObject({
    depths: z.array(count).min(1).describe('Blocks per stage.'),
    widths: z.array(count).min(1).describe('Channels per stage; as many as depths.'),
    stem: count
      .optional()
      .describe("Channels of the first block; default: the first stage's, at most 64."),
    groups: count.default(1).describe('Groups of every second block.'),
    squeezeExcite: z.boolean().default(false).describe('A squeeze-excite block in every block.'),
    dropRate,
  })
  .refine(({ depths, widths }) => depths.length === widths.length, {
    message: 'depths and widths must have as many entries',
    path: ['widths'],
  });

/** RepVGG: every published variant by name, and `repvgg` with depths and widths of your own. */
export default definePlugin({
  name: '@refold/plugin-model-repvgg',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(repvggVariants),
      options: z.strictObject({ dropRate }),
      create: ({ use, options }) => model(use, { ...repvggVariants[use]!, ...options }),
    });
    provide(Model, {
      use: ['repvgg'],
      options: customOptions,
      create: ({ use, options }) =>
        model(use, { ...options, stem: options.stem ?? Math.min(64, options.widths[0]!) }),
    });
  },
});

function model(name: string, spec: RepvggSpec): Model {
  return {
    name,
    build: (context) => repvggGraph(spec, context),
    weightNames: repvggWeightNames,
  };
}
