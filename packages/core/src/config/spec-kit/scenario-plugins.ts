import { z } from 'zod';
import { definePlugin, type Plugin } from '../../plugin/plugin.js';
import { Callback } from '../../points/callback.js';
import { Dataset } from '../../points/dataset.js';
import { Device } from '../../points/device.js';
import { LearningRatePolicy } from '../../points/learning-rate-policy.js';
import { Model } from '../../points/model.js';
import { Optimizer } from '../../points/optimizer.js';
import type { ExtensionPoint } from '../../plugin/extension-point.js';

/** Stand-ins with the sections and options of Refold's own plugins; they provide and never create. */
const never = (): never => {
  throw new Error('Configuration must not create anything.');
};

function choices<T>(
  name: string,
  point: ExtensionPoint<T>,
  providers: readonly { readonly use: readonly string[]; readonly options?: z.ZodType }[],
): Plugin {
  return definePlugin({
    name: `@refold/plugin-${name}`,
    apiVersion: 1,
    setup: ({ provide }) => {
      for (const provider of providers) provide(point, { ...provider, create: never });
    },
  });
}

function part(
  name: string,
  options: z.ZodType,
  rest: Pick<Plugin, 'section' | 'keys'>,
  point: ExtensionPoint<unknown> = Callback,
): Plugin {
  return {
    name: `@refold/plugin-${name}`,
    apiVersion: 1,
    options,
    ...rest,
    setup: ({ provide }) => provide(point, { create: never }),
  };
}

const pair = z.tuple([z.number(), z.number()]);
const triple = z.array(z.number()).length(3);
const decay = {
  weightDecay: z.number().min(0).default(0).describe('L2 penalty.'),
  weightDecayFilter: z.enum(['none', 'norm-and-bias']).default('none'),
};

export const scenarioPlugins: Readonly<Record<string, Plugin>> = {
  'model-repvgg': choices('model-repvgg', Model, [
    {
      use: ['repvgg_a0', 'repvgg_a1', 'repvgg_b1g2'],
      options: z.strictObject({
        dropRate: z.number().min(0).lt(1).default(0),
        batchNormInit: z.enum(['normal', 'one']).default('normal'),
      }),
    },
    {
      use: ['repvgg'],
      options: z.strictObject({ depths: z.array(z.int()), widths: z.array(z.int()) }),
    },
  ]),
  'model-mobileone': choices('model-mobileone', Model, [{ use: ['mobileone_s0'] }]),
  'data-imagenet': choices('data-imagenet', Dataset, [
    {
      use: ['imagenet'],
      options: z.strictObject({
        dir: z.string().min(1).describe('Folder with train/ and val/.'),
        resolution: z.int().positive().default(224),
        scale: pair.default([0.08, 1]),
        ratio: pair.default([0.75, 1.333]),
        hflip: z.number().default(0.5),
        vflip: z.number().default(0),
        colorJitter: z.number().default(0),
        interpolation: z.enum(['bilinear', 'bicubic']).default('bilinear'),
        cropPct: z.number().default(0.875),
        mean: triple.default([0.485, 0.456, 0.406]),
        std: triple.default([0.229, 0.224, 0.225]),
        workers: z.int().nullable().default(null),
        trainSplit: z.string().default('train'),
        valSplit: z.string().default('val'),
        numSamples: z.int().nullable().default(null),
        shuffle: z.boolean().default(true),
      }),
    },
  ]),
  'data-mnist': choices('data-mnist', Dataset, [{ use: ['mnist'] }]),
  optimizers: choices('optimizers', Optimizer, [
    { use: ['sgd'], options: z.strictObject(decay) },
    {
      use: ['momentum', 'nesterov'],
      options: z.strictObject({ momentum: z.number().min(0).lt(1).default(0.9), ...decay }),
    },
    {
      use: ['adamw'],
      options: z.strictObject({
        betas: pair.default([0.9, 0.999]),
        eps: z.number().default(1e-8),
        ...decay,
      }),
    },
  ]),
  'lr-schedules': part(
    'lr-schedules',
    z.strictObject({
      schedule: z
        .enum(['cosine', 'step', 'multi-step', 'polynomial', 'constant'])
        .default('cosine'),
      warmupEpochs: z.number().min(0).default(0),
      warmupFactor: z.number().default(0),
      minimum: z.number().default(0),
      decayEpochs: z.number().nullable().default(null),
      decayRate: z.number().default(0.1),
      milestones: z.array(z.number()).default([]),
      power: z.number().default(1),
    }),
    { section: 'rate' },
    LearningRatePolicy,
  ),
  'lr-scaling': part(
    'lr-scaling',
    z.strictObject({
      rule: z.enum(['linear', 'sqrt', 'none']).default('linear').describe('How the rate scales.'),
      referenceGlobalBatch: z.int().positive().default(256),
    }),
    { section: 'rate', keys: { rule: 'scaling' } },
    LearningRatePolicy,
  ),
  checkpoint: part(
    'checkpoint',
    z.strictObject({ keep: z.int().default(10), everyEpochs: z.int().default(1) }),
    {},
  ),
  'checkpoint-fusion': part(
    'checkpoint-fusion',
    z.strictObject({ atEnd: z.boolean().default(true), gate: z.number().default(1e-4) }),
    { section: 'fusion' },
  ),
  progress: part('progress', z.strictObject({ everySteps: z.int().default(50) }), {}),
  'device-tfjs': choices('device-tfjs', Device, [
    { use: ['tfjs-node'], options: z.strictObject({ threads: z.int().nullable().default(null) }) },
    { use: ['wasm'] },
  ]),
  'second-mnist': choices('second-mnist', Dataset, [{ use: ['mnist'] }]),
};
