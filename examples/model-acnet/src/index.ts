import { definePlugin, Model, type ModelContext } from '@refold/core';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import { z } from 'zod';

const options = z.strictObject({ width: z.number().int().positive().default(16) });

/** conv-BN with its padding chosen so that every branch is centred alike. */
function branch(b: GraphBuilder, name: string, x: Value, width: number, kernel: [number, number]) {
  const padding = kernel.map((k) => (k - 1) / 2) as [number, number];
  const conv = b.conv2d(`${name}.conv`, x, { outChannels: width, kernel, padding });
  return b.batchNorm(`${name}.bn`, conv);
}

/** Asymmetric convolution block (Ding et al. 2019): the three kernels add up to one 3×3. */
function block(b: GraphBuilder, name: string, x: Value, width: number): Value {
  const square = branch(b, `${name}.square`, x, width, [3, 3]);
  const horizontal = branch(b, `${name}.horizontal`, x, width, [1, 3]);
  const vertical = branch(b, `${name}.vertical`, x, width, [3, 1]);
  const sum = b.add(`${name}.sum`, [square, horizontal, vertical]);
  return b.activation('relu', `${name}.act`, sum);
}

function acnet(width: number, { numClasses, sample, normalization }: ModelContext): Graph {
  const { channels, height, width: columns } = sample;
  const dtype = normalization ? 'uint8' : 'float32';
  const b = new GraphBuilder({ shape: [channels, height, columns], dtype });
  let x = b.input;
  if (normalization) x = b.node('normalize', 'normalize', [x], normalization);
  for (const [stage, scale] of [1, 2, 4].entries()) {
    x = block(b, `stages.${stage}`, x, width * scale);
    x = b.maxPool(`stages.${stage}.pool`, x, { kernel: 2 });
  }
  x = b.flatten('head.flatten', b.globalAvgPool('head.pool', x));
  return b.build(b.linear('head.fc', x, { outFeatures: numClasses }));
}

/** A small ACNet. It fuses and ships like every other model, with no code for that. */
export default definePlugin({
  name: 'refold-plugin-model-acnet',
  apiVersion: 1,
  setup({ provide }) {
    provide(Model, {
      use: ['acnet'],
      options,
      create: ({ options: { width } }) => ({
        name: 'acnet',
        build: (context) => acnet(width, context),
      }),
    });
  },
});
