import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { repvitGraph } from './repvit-graph.js';
import { repvitVariants, type RepvitSpec } from './repvit-spec.js';
import { officialWeightNames } from './weight-names.js';

export { repvitGraph } from './repvit-graph.js';
export { repvitVariants, type RepvitSpec } from './repvit-spec.js';
export { officialWeightNames } from './weight-names.js';

const count = z.number().int().positive();
const dropRate = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Probability of drop-out before the classifier.');
const distillation = z
  .boolean()
  .default(true)
  .describe('Two classifiers whose answers are averaged, as the published weights have them.');

const customOptions = z
  .strictObject({
    depths: z.array(count).min(1).describe('Blocks per stage.'),
    widths: z
      .array(count)
      .min(1)
      .describe('Channels per stage; as many as depths; the first even.'),
    legacy: z.boolean().default(false).describe("The paper's first version: M1, M2 and M3."),
    distillation,
    dropRate,
  })
  .refine(({ depths, widths }) => depths.length === widths.length, {
    message: 'depths and widths must have as many entries',
    path: ['widths'],
  })
  .refine(({ widths }) => widths[0]! % 2 === 0, {
    message: 'the first stage has an even number of channels: the stem has half of them',
    path: ['widths', 0],
  });

/** RepViT: every published size by name, and `repvit` with depths and widths of your own. */
export default definePlugin({
  name: '@refold/plugin-model-repvit',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(repvitVariants),
      options: z.strictObject({ distillation, dropRate }),
      create: ({ use, options }) => model(use, { ...repvitVariants[use]!, ...options }),
    });
    provide(Model, {
      use: ['repvit'],
      options: customOptions,
      create: ({ use, options }) => model(use, options),
    });
  },
});

function model(name: string, spec: RepvitSpec): Model {
  return {
    name,
    ownNames: 'timm',
    build: (context) => repvitGraph(spec, context),
    weightNames: { official: officialWeightNames(spec) },
  };
}
