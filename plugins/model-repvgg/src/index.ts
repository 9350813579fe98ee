import { definePlugin, Model } from '@refold/core';
import { z } from 'zod';
import { repvggForeignNames } from './foreign-names.js';
import { repvggGraph } from './repvgg-graph.js';
import { repvggVariants, widthsOf, type RepvggSpec } from './repvgg-spec.js';
import { repvggplusWeightName } from './repvggplus-weight-name.js';
import { repvggWeightNames } from './weight-names.js';

export { repvggForeignNames } from './foreign-names.js';
export { repvggGraph } from './repvgg-graph.js';
export { repvggVariants, widthsOf, type BlockKind, type RepvggSpec } from './repvgg-spec.js';
export { repvggplusTrainingOnly, repvggplusWeightName } from './repvggplus-weight-name.js';
export { repvggWeightNames } from './weight-names.js';

const count = z.number().int().positive();
const dropRate = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('Probability of drop-out before the classifier.');

const batchNormInit = z
  .enum(['normal', 'one'])
  .optional()
  .describe(
    "First BN weights and biases: 'normal' as timm (0.1 ± 0.1, 0 ± 0.1), 'one' as MindCV (1, 0); default: normal, one for qarepvgg blocks.",
  );

const block = z
  .enum(['repvgg', 'qarepvgg'])
  .default('repvgg')
  .describe("Kind of block: 'qarepvgg' keeps its accuracy as INT8 (one BN after the sum).");

const commonOptions = { block, dropRate, batchNormInit };
type CommonOptions = z.output<z.ZodObject<typeof commonOptions>>;

/** First BN values that were not asked for are the ones that a block was published with. */
function withBatchNormInit<T extends CommonOptions>(options: T, published: BatchNormInit) {
  const fallback = options.block === 'qarepvgg' ? 'one' : published;
  return { ...options, batchNormInit: options.batchNormInit ?? fallback };
}
type BatchNormInit = RepvggSpec['batchNormInit'];

const widthOptions = z.strictObject({
  widths: z.array(count).min(1).optional().describe('Channels per stage; as many as depths.'),
  a: z.number().positive().optional().describe('Instead of widths: multiplies 64, 128, 256.'),
  b: z.number().positive().optional().describe('Instead of widths: multiplies 512.'),
});

const customOptions = z
  .strictObject({
    depths: z.array(count).min(1).describe('Blocks per stage.'),
    ...widthOptions.shape,
    stem: count
      .optional()
      .describe("Channels of the first block; default: the first stage's, at most 64."),
    groups: count.default(1).describe('Groups of the convolutions of every second block.'),
    groupEvery: count.default(2).describe('Group every n-th block of a stage instead.'),
    squeezeExcite: z.boolean().default(false).describe('A squeeze-excite block in every block.'),
    postSqueezeExcite: z
      .boolean()
      .default(false)
      .describe('Instead, one after the ReLU of every block, as in RepVGGplus.'),
    ...commonOptions,
  })
  .refine((options) => widthsFor(options).length === options.depths.length, {
    path: ['widths'],
    message: 'as many widths as depths, or a and b instead (for four stages)',
  })
  .refine(({ squeezeExcite, postSqueezeExcite }) => !(squeezeExcite && postSqueezeExcite), {
    path: ['postSqueezeExcite'],
    message: 'a block has one squeeze-excite: before the ReLU (squeezeExcite) or after it',
  });

/** Channels per stage as given, or by multipliers; none where neither or both are given. */
function widthsFor({ widths, a, b }: z.output<typeof widthOptions>): readonly number[] {
  const multipliers = a !== undefined && b !== undefined ? widthsOf(a, b) : undefined;
  if (widths && (a !== undefined || b !== undefined)) return [];
  return widths ?? multipliers ?? [];
}

/**
 * RepVGG: every published variant by name, and `repvgg` with depths and widths of your own; each also with the blocks
 * of QARepVGG (`block: qarepvgg`), which fuse to the same plain network. Published for A0 on ImageNet: as RepVGG
 * top-1 72.4 in float32 and 52.2 as INT8 after training, as QARepVGG 72.2 and 70.4 (Chu et al. 2022, figure 1).
 */
export default definePlugin({
  name: '@refold/plugin-model-repvgg',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: Object.keys(repvggVariants),
      options: z.strictObject(commonOptions),
      create: ({ use, options }) => {
        const variant = repvggVariants[use]!;
        return model(use, { ...variant, ...withBatchNormInit(options, variant.batchNormInit) });
      },
    });
    provide(Model, {
      use: ['repvgg'],
      options: customOptions,
      create: ({ use, options }) => {
        const widths = widthsFor(options);
        const stem = options.stem ?? Math.min(64, widths[0]!);
        return model(use, { ...withBatchNormInit(options, 'normal'), widths, stem });
      },
    });
  },
});

function model(name: string, spec: RepvggSpec): Model {
  return {
    name,
    build: (context) => repvggGraph(spec, context),
    ...((spec.block ?? 'repvgg') === 'repvgg' && !spec.postSqueezeExcite && { ownNames: 'timm' }),
    ...(spec.postSqueezeExcite
      ? { weightNames: { official: repvggplusWeightName(spec.depths) } }
      : { weightNames: repvggWeightNames, foreignNames: repvggForeignNames(spec) }),
  };
}
