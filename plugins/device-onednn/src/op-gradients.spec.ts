import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import {
  evaluate,
  type Graph,
  type GraphBuilder,
  type HostTensor,
  type Value,
} from '@refold/graph';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { tinyBatch, tinyNetwork, tinyUse } from './spec-kit/tiny-training.js';

type Body = (b: GraphBuilder, x: Value) => Value;
type ConvOptions = Parameters<GraphBuilder['conv2d']>[2];

const conv =
  (options: ConvOptions): Body =>
  (b, x) =>
    b.conv2d('op', x, options);
const activation =
  (op: Parameters<GraphBuilder['activation']>[0]): Body =>
  (b, x) =>
    b.activation(op, 'op', x);

/** Each op between a first convolution, whose gradient passes through it, and a linear head. */
const bodies: Record<string, Body> = {
  'conv2d 3×3': conv({ outChannels: 5, kernel: 3, padding: 1, bias: true }),
  'conv2d 3×3, stride 2': conv({ outChannels: 5, kernel: 3, stride: 2, padding: 1 }),
  'conv2d 1×1, stride 2': conv({ outChannels: 5, kernel: 1, stride: 2 }),
  'conv2d 1×1': conv({ outChannels: 1, kernel: 1 }),
  'conv2d 1×1, padded': conv({ outChannels: 3, kernel: 1, padding: 1 }),
  'conv2d 3×2, uneven': conv({ outChannels: 3, kernel: [3, 2], stride: [1, 2], padding: [2, 0] }),
  'conv2d, dilated': conv({ outChannels: 3, kernel: 3, padding: 2, dilation: 2 }),
  'conv2d, dilated and strided': conv({
    outChannels: 3,
    kernel: 2,
    padding: 1,
    dilation: 2,
    stride: 2,
  }),
  'conv2d, two groups': conv({ outChannels: 6, kernel: 3, padding: 1, groups: 2, bias: true }),
  'conv2d, two groups, stride 2': conv({
    outChannels: 2,
    kernel: 3,
    padding: 1,
    stride: 2,
    groups: 2,
  }),
  'conv2d, depthwise': conv({ outChannels: 4, kernel: 3, padding: 1, groups: 4, bias: true }),
  'conv2d, depthwise, stride 2': conv({
    outChannels: 4,
    kernel: 3,
    padding: 1,
    stride: 2,
    groups: 4,
  }),
  'conv2d, depthwise 1×1': conv({ outChannels: 4, kernel: 1, groups: 4 }),
  'conv2d, depthwise, multiplier 2': conv({ outChannels: 8, kernel: 3, padding: 1, groups: 4 }),
  'conv2d, depthwise, dilated': conv({
    outChannels: 4,
    kernel: 3,
    padding: 2,
    dilation: 2,
    groups: 4,
  }),
  'add, one value twice': (b, x) => b.add('op', [x, b.activation('sigmoid', 's', x), x]),
  'weighted_sum, one value twice': (b, x) =>
    b.weightedSum('op', [
      [2, x],
      [-1, b.activation('sigmoid', 's', x)],
      [0.25, x],
    ]),
  mul: (b, x) => b.mul('op', x, b.activation('sigmoid', 's', x)),
  'mul per channel': (b, x) => b.mul('op', x, b.globalAvgPool('p', x)),
  concat: (b, x) => b.node('concat', 'op', [x, b.activation('relu', 'r', x)], {}),
  scale: (b, x) => b.node('scale', 'op', [x], { init: 0.5 }),
  relu: activation('relu'),
  relu6: (b, x) => b.activation('relu6', 'op', b.node('scale', 'larger', [x], { init: 4 })),
  silu: activation('silu'),
  gelu: activation('gelu'),
  sigmoid: activation('sigmoid'),
  hard_sigmoid: (b, x) =>
    b.activation('hard_sigmoid', 'op', b.node('scale', 'large', [x], { init: 2 })),
  hard_swish: (b, x) =>
    b.activation('hard_swish', 'op', b.node('scale', 'large', [x], { init: 2 })),
  avg_pool: (b, x) => b.avgPool('op', x, { kernel: 2 }),
  'avg_pool, padded': (b, x) => b.avgPool('op', x, { kernel: 3, stride: 2, padding: 1 }),
  'avg_pool, zeros not counted': (b, x) =>
    b.avgPool('op', x, { kernel: 3, stride: 2, padding: 1, countIncludePad: false }),
  'avg_pool 1×1, stride 2': (b, x) => b.avgPool('op', x, { kernel: 1, stride: 2 }),
  max_pool: (b, x) => b.maxPool('op', x, { kernel: 3, stride: 2, padding: 1 }),
  global_avg_pool: (b, x) => b.globalAvgPool('op', x),
  flatten: (b, x) => b.flatten('op', x),
  linear: (b, x) => b.linear('op', b.flatten('f', x), { outFeatures: 3 }),
};

/** Batch norms in the company that one `branches` step takes them in; activations are smooth, for the differences. */
const merged: Record<string, Body> = {
  batch_norm: (b, x) => b.batchNorm('op', x),
  'batch_norm and an activation': (b, x) => b.activation('silu', 'after', b.batchNorm('op', x)),
  'two norms of two convolutions, one of the identity': (b, x) => {
    const branch = (name: string, kernel: number) =>
      b.batchNorm(
        `${name}.bn`,
        b.conv2d(`${name}.conv`, x, { outChannels: 4, kernel, padding: (kernel - 1) / 2 }),
      );
    const sum = b.add('sum', [branch('large', 3), branch('small', 1), b.batchNorm('same', x)]);
    return b.activation('silu', 'act', sum);
  },
  'two norms of one value and the value': (b, x) =>
    b.activation('gelu', 'act', b.add('sum', [b.batchNorm('a', x), x, b.batchNorm('b', x)])),
};

describeBuilt('gradients on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it.each(Object.entries(bodies))('of %s are those of central differences', async (_op, body) => {
    const graph = tinyNetwork(body);
    const use = tinyUse(graph);
    const session = await device.load(graph, use);
    const batch = tinyBatch(11);
    const { loss } = await session.backward(batch);
    const expectedLoss = referenceLoss(graph, use.weights);
    expect(Math.abs(loss - expectedLoss)).toBeLessThan(2e-6 * Math.max(1, expectedLoss));
    const [bucket] = session.gradients;
    const gradients = await bucket!.read();
    for (const { name, offset, length } of bucket!.parameters) {
      const expected = centralDifferences(graph, use.weights, name);
      const actual = gradients.subarray(offset, offset + length);
      expect({ name, error: relativeError(actual, expected) }).toEqual({
        name,
        error: expect.closeTo(0, 3) as unknown,
      });
    }
    await session.close();
  });

  it.each(Object.entries(merged))(
    'of %s are those of differences of its own losses',
    async (_what, body) => {
      const graph = tinyNetwork(body);
      const use = tinyUse(graph);
      const session = await device.load(graph, use);
      await session.backward(tinyBatch(11));
      const [bucket] = session.gradients;
      const gradients = await bucket!.read();
      for (const { name, offset, length } of bucket!.parameters.filter(
        (p) => p.name !== 'first.bias',
      )) {
        const original = use.weights.get(name)!;
        const expected = new Float64Array(length);
        for (let i = 0; i < length; i++) {
          const lossAt = async (delta: number) => {
            const data = original.data.slice();
            data[i] = original.data[i]! + delta;
            await session.write(new Map([[name, { shape: original.shape, data }]]));
            return (await session.backward(tinyBatch(11))).loss;
          };
          expected[i] = ((await lossAt(1e-2)) - (await lossAt(-1e-2))) / 2e-2;
        }
        await session.write(new Map([[name, original]]));
        const actual = gradients.subarray(offset, offset + length);
        expect({ name, error: relativeError(actual, expected) }).toEqual({
          name,
          error: expect.closeTo(0, 2) as unknown,
        });
      }
      await session.close();
    },
  );
});

function referenceLoss(graph: Graph, weights: ReadonlyMap<string, HostTensor>): number {
  const { images, channels, height, width, data, labels } = tinyBatch(11);
  const input = { shape: [images, channels, height, width], data: data as Float32Array };
  const loss = graph.loss!;
  return evaluate(graph, weights, input, { outputs: [loss], targets: labels }).get(loss)!.data[0]!;
}

/** d loss / d tensor in float64, at up to 24 places; elsewhere NaN, which `relativeError` passes over. */
function centralDifferences(
  graph: Graph,
  weights: ReadonlyMap<string, HostTensor>,
  name: string,
): Float64Array {
  const original = weights.get(name)!;
  const every = Math.ceil(original.data.length / 24);
  return Float64Array.from(original.data, (value, i) => {
    if (i % every !== 0) return NaN;
    const at = (delta: number) => {
      const data = original.data.slice();
      data[i] = value + delta;
      const moved = new Map(weights).set(name, { shape: original.shape, data });
      return { x: data[i], loss: referenceLoss(graph, moved) };
    };
    const [above, below] = [at(1e-3), at(-1e-3)];
    return (above.loss - below.loss) / (above.x - below.x);
  });
}

function relativeError(actual: Float32Array, expected: Float64Array): number {
  let difference = 0;
  let reference = 0;
  expected.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    difference += (actual[i]! - value) ** 2;
    reference += value ** 2;
  });
  return Math.sqrt(difference / (reference || 1));
}
