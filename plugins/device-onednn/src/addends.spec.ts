import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { evaluate, GraphBuilder, type Graph, type Value } from '@refold/graph';
import { relativeError } from '@refold/testing';
import { onednnDevice } from './onednn-device.js';
import { evenly, weightsOf } from './spec-kit/conv-network.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { noiseFor } from './spec-kit/repvgg-network.js';

const SIZE = [18, 21] as const;
const IMAGES = 3;

/** relu(Σ branches) of `channels` channels behind a 1 × 1 convolution; what has a norm is a batch_norm's result. */
function blockOf(
  channels: number,
  branches: (b: GraphBuilder, x: Value) => readonly Value[],
): Graph {
  const b = new GraphBuilder({ shape: [4, ...SIZE], dtype: 'float32' });
  const x = b.conv2d('before', b.input, { outChannels: channels, kernel: 1 });
  return b.build(b.activation('relu', 'y', b.add('sum', branches(b, x))));
}

const conv = (b: GraphBuilder, x: Value, outChannels: number, kernel: number) =>
  b.batchNorm(
    `norm_${kernel}`,
    b.conv2d(`conv_${kernel}`, x, { outChannels, kernel, padding: (kernel - 1) / 2 }),
  );

/** One addend goes with a last convolution by Winograd; two, or one with a direct convolution, come first. */
const blocks = [
  [
    'identity with a norm',
    (c) => (b, x) => [b.batchNorm('norm', x), conv(b, x, c, 3), conv(b, x, c, 1)],
  ],
  ['identity as it is', (c) => (b, x) => [x, conv(b, x, c, 3)]],
  ['two addends', (c) => (b, x) => [x, b.batchNorm('norm', x), conv(b, x, c, 3)]],
  ['no 3 × 3 convolution', (c) => (b, x) => [b.batchNorm('norm', x), conv(b, x, c, 1)]],
] as const satisfies readonly (readonly [
  title: string,
  make: (channels: number) => Parameters<typeof blockOf>[1],
])[];

describeBuilt('addends of branches on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it.each(blocks.flatMap(([title, make]) => [48, 64].map((c) => [title, c, make(c)] as const)))(
    '%s, %i channels: are added once',
    async (_title, channels, branches) => {
      const graph = blockOf(channels, branches);
      const weights = weightsOf(graph, (random, fan) => evenly(random, fan) + 1 / fan);
      for (const [name, { data }] of weights)
        if (name.endsWith('running_var')) data.forEach((value, i) => (data[i] = 0.5 + value ** 2));
      const noise = noiseFor(graph, 5, IMAGES);
      const input = { shape: [IMAGES, 4, ...SIZE], data: noise.data as Float32Array };
      const expected = evaluate(graph, weights, input).get('y')!.data;
      const common = { kind: 'inference', batchSize: IMAGES, weights } as const;
      for (const [precision, tolerance] of [
        ['float32', 5e-6],
        ['bfloat16', 0.02],
      ] as const) {
        const session = await device.load(graph, { ...common, precision });
        for (let again = 0; again < 2; again++) {
          const error = relativeError((await session.infer(noise)).data, expected);
          expect({ precision, error, isClose: error < tolerance }).toMatchObject({ isClose: true });
        }
        await session.close();
      }
    },
  );
});
