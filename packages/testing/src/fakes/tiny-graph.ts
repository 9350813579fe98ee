import type { Model, ModelContext } from '@refold/core';
import { GraphBuilder, type Graph } from '@refold/graph';

/** What {@link tinyGraph} is built for: one channel, 6 × 6, three classes, float32 unless asked otherwise. */
export type TinyGraphOptions = Partial<ModelContext> & {
  /** Channels of its one block, default 4. */
  readonly width?: number;
};

/**
 * A train-form network small enough for `fakeDevice`: one RepVGG-style block (3×3 and 1×1 branches with BN, sum, ReLU),
 * pooling and a head. Without loss: `withLoss` of @refold/graph adds one.
 */
export function tinyGraph(options: TinyGraphOptions = {}): Graph {
  const { numClasses = 3, width = 4, normalization } = options;
  const { channels, height, width: columns } = options.sample ?? tinySample;
  const shape = [channels, height, columns];
  const b = new GraphBuilder({ shape, dtype: normalization ? 'uint8' : 'float32' });
  const x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const branch = (name: string, kernel: number, padding: number) =>
    b.batchNorm(
      `block.${name}.bn`,
      b.conv2d(`block.${name}.conv`, x, { outChannels: width, kernel, padding, stride: 2 }),
    );
  const sum = b.add('block.sum', [branch('conv_kxk', 3, 1), branch('conv_1x1', 1, 0)]);
  const pooled = b.globalAvgPool('pool', b.activation('relu', 'block.relu', sum));
  return b.build(b.linear('head.fc', b.flatten('flatten', pooled), { outFeatures: numClasses }));
}

/** {@link tinyGraph} as a model, for tests of pipelines. */
export const tinyModel: Model = { name: 'tiny', build: (context) => tinyGraph(context) };

/** Sample of {@link tinyGraph} and of `fakeDataset`. */
export const tinySample = { channels: 1, height: 6, width: 6 } as const;
