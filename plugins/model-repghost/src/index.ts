import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { repghostGraph } from './repghost-graph.js';
import { repghostStages, repghostVariants, type RepghostSpec } from './repghost-spec.js';

export { repghostGraph } from './repghost-graph.js';
export {
  repghostStages,
  repghostVariants,
  type RepghostBlock,
  type RepghostSpec,
} from './repghost-spec.js';

const count = z.number().int().positive();
const dropRate = z
  .number()
  .min(0)
  .lt(1)
  .default(0.2)
  .describe('Probability of drop-out before the classifier.');

const block = z.strictObject({
  kernel: count
    .refine((kernel) => kernel % 2 === 1, { message: 'an odd kernel' })
    .default(3)
    .describe('Of the strided convolution and the shortcut; odd.'),
  hidden: count.describe('Channels between the ghost modules.'),
  out: count.describe('Channels that come out.'),
  squeezeExcite: z.number().min(0).max(1).default(0).describe('Share of hidden channels kept.'),
  stride: count.default(1),
});

const customOptions = z.strictObject({
  width: z.number().positive().default(1).describe('Multiplies every number of channels.'),
  stages: z
    .array(z.array(block).min(1))
    .min(1)
    .optional()
    .describe("Bottlenecks per stage; default: the authors'."),
  dropRate,
});

/** RepGhostNet: every published width by name, and `repghostnet` with a width or stages of your own. */
export default definePlugin({
  name: '@refold/plugin-model-repghost',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(repghostVariants),
      options: z.strictObject({ dropRate }),
      create: ({ use, options }) => model(use, { ...repghostVariants[use]!, ...options }),
    });
    provide(Model, {
      use: ['repghostnet'],
      options: customOptions,
      create: ({ use, options }) =>
        model(use, { ...options, stages: options.stages ?? repghostStages }),
    });
  },
});

/** The authors' files have timm's names: no map is needed. */
function model(name: string, spec: RepghostSpec): Model {
  return { name, ownNames: 'timm', build: (context) => repghostGraph(spec, context) };
}
