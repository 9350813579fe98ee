import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { resnetGraph } from './resnet-graph.js';
import { resnetVariants, type ResnetSpec } from './resnet-spec.js';
import { resnetWeightNames, resnetWeightValues } from './weight-names.js';

export { resnetGraph } from './resnet-graph.js';
export { resnetVariants, type BlockKind, type ResnetSpec } from './resnet-spec.js';
export { resnetWeightNames, resnetWeightValues } from './weight-names.js';

const count = z.number().int().positive();
const dropRate = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Probability of drop-out before the classifier.');

const customOptions = z
  .strictObject({
    block: z
      .enum(['plain', 'acnet', 'dbb'])
      .default('plain')
      .describe('What stands for each 3×3: itself, or branches that fuse to one.'),
    bottleneck: z
      .boolean()
      .default(false)
      .describe('Residual blocks of 1×1, 3×3 and 1×1, four times as wide outside.'),
    depths: z.array(count).min(1).describe('Residual blocks per stage.'),
    widths: z.array(count).min(1).describe('Channels of the 3×3 per stage; as many as depths.'),
    stem: count.optional().describe("Channels of the stem; default: the first stage's."),
    dropRate,
  })
  .refine(({ depths, widths }) => depths.length === widths.length, {
    path: ['widths'],
    message: 'as many widths as depths',
  });

/**
 * ResNet plain (`resnet18`, `resnet50`), of asymmetric convolution blocks (`acnet_resnet18`, …; Ding et al. 2019) and of
 * diverse branch blocks (`dbb_resnet18`, …; Ding et al. 2021), and `resnet` with depths and widths of your own. All
 * three kinds fuse to the same plain network.
 */
export default definePlugin({
  name: '@refold/plugin-model-resnet',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(resnetVariants),
      options: z.strictObject({ dropRate }),
      create: ({ use, options }) => model(use, { ...resnetVariants[use]!, ...options }),
    });
    provide(Model, {
      use: ['resnet'],
      options: customOptions,
      create: ({ use, options }) =>
        model(use, { ...options, stem: options.stem ?? options.widths[0]! }),
    });
  },
});

function model(name: string, spec: ResnetSpec): Model {
  return {
    name,
    build: (context) => resnetGraph(spec, context),
    weightNames: resnetWeightNames,
    weightValues: resnetWeightValues,
  };
}
