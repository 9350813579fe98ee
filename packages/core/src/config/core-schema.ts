import { z } from 'zod';

const text = z.string().min(1);

/** Sections of which core itself owns keys; plugins and providers add theirs. */
const modelSection = z.strictObject({
  use: text.optional().describe('Name of the model, from a listed plugin (repvgg_a1).'),
  numClasses: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("Number of classes the model tells apart; null: the dataset's."),
});

const dataSection = z.strictObject({
  use: text.optional().describe('Name of the dataset, from a listed plugin (imagenet).'),
  batchSize: z.int().positive().default(32).describe('Images per batch on each replica.'),
  accumulate: z
    .int()
    .positive()
    .default(1)
    .describe('Batches whose gradients are averaged into one update.'),
});

const lossSection = z.strictObject({
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Share of each target spread evenly over all classes.'),
});

const optimizerSection = z.strictObject({
  use: text.optional().describe('Name of the update rule, from a listed plugin (momentum).'),
});

const rateSection = z.strictObject({
  base: z.number().positive().default(0.05).describe('Learning rate before scaling and schedule.'),
});

const deviceSection = z.strictObject({
  use: text
    .default('auto')
    .describe("Name of the device, from a listed plugin; 'auto': the fastest that works here."),
  inner: text
    .default('auto')
    .describe(
      "Name of the device that a wrapping one (distributed) computes on; 'auto': the fastest.",
    ),
  precision: z
    .enum(['float32', 'bfloat16', 'int8'])
    .default('float32')
    .describe(
      'Arithmetic of the network; parameters are always kept in float32. int8: for files of refold quantise.',
    ),
});

/** What core itself understands, by section; a section's other keys belong to plugins and providers. */
export const coreSections = {
  model: modelSection,
  data: dataSection,
  loss: lossSection,
  optimizer: optimizerSection,
  rate: rateSection,
  device: deviceSection,
} as const;

/** Keys at the top level that are no sections. */
export const coreTopLevel = z.strictObject({
  plugins: z
    .array(text)
    .default([])
    .describe('Plugins that take part, in order: short names, package names or paths.'),
  epochs: z.int().nonnegative().default(90).describe('Passes over the training split.'),
  maxSteps: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Stop after this many updates, whatever epochs says; null: no limit.'),
  validateEvery: z
    .int()
    .nonnegative()
    .default(1)
    .describe('Epochs from one validation to the next; 0: never.'),
  seed: z
    .int()
    .min(0)
    .max(4_294_967_295)
    .default(42)
    .describe('Of every random choice: weights, order, augmentation, drop-out.'),
  outputDir: text
    .nullable()
    .default(null)
    .describe('Folder for what a run writes; null: runs/ and the name of the model.'),
  resume: text
    .nullable()
    .default(null)
    .describe("Continue a run: 'auto' for the newest good checkpoint of outputDir, or a file."),
  weights: text
    .nullable()
    .default(null)
    .describe('File with weights to start from (fine-tuning) or to evaluate.'),
});

/** Core's own part of a resolved configuration. */
export type CoreConfig = z.output<typeof coreTopLevel> & {
  readonly [S in keyof typeof coreSections]: z.output<(typeof coreSections)[S]>;
} & { readonly outputDir: string };
