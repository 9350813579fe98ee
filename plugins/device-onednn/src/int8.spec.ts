import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { GraphBuilder, type Graph } from '@refold/graph';
import { evaluateQuantised, observed, observedParts } from '@refold/quantise';
import { relativeError } from '@refold/testing';
import fc from 'fast-check';
import { loadAddon } from './native/load-addon.js';
import { onednnDevice } from './onednn-device.js';
import { arbitraryNetwork } from './spec-kit/arbitrary-network.js';
import { evenly, weightsOf } from './spec-kit/conv-network.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import {
  arbitraryQuantisation,
  imagesFor,
  inferInt8,
  quantisationOf,
  valuesOf,
} from './spec-kit/quantised-network.js';

/**
 * Channels in and out, groups, kernel, stride, padding, dilation, images, height and width. Few channels and many, with and
 * without whole vectors, depthwise, rows that are no multiple of 16, and pixels that only padding reaches.
 */
const cases = [
  [3, 16, 1, 3, 2, 1, 1, 2, 9, 9],
  [16, 16, 1, 1, 1, 0, 1, 1, 3, 3],
  [48, 80, 1, 1, 1, 0, 1, 2, 7, 9],
  [32, 48, 1, 1, 2, 0, 1, 5, 8, 7],
  [64, 32, 1, 1, 3, 0, 1, 2, 10, 11],
  [32, 64, 1, 3, 2, 1, 1, 3, 14, 14],
  [16, 128, 1, 3, 2, 0, 1, 1, 9, 8],
  [64, 64, 2, 3, 2, 1, 1, 2, 11, 14],
  [32, 32, 1, 3, 1, 2, 2, 2, 9, 10],
  [32, 16, 1, 5, 1, 4, 1, 2, 5, 3],
  [12, 20, 1, 3, 1, 1, 1, 2, 7, 7],
  [24, 24, 24, 3, 1, 1, 1, 2, 9, 9],
  [12, 12, 12, 3, 2, 1, 1, 2, 9, 9],
  [20, 10, 5, 3, 1, 1, 1, 2, 8, 8],
  [100, 70, 1, 3, 1, 1, 1, 3, 5, 6],
] as const;

/** Two convolutions around the one in question, a mean and a head: everything in integers. */
function networkOf(each: (typeof cases)[number]): Graph {
  const [from, to, groups, kernel, stride, padding, dilation, , height, width] = each;
  const b = new GraphBuilder({ shape: [3, height, width], dtype: 'uint8' });
  const statistics = { mean: [0.4, 0.5, 0.45], std: [0.2, 0.25, 0.22] };
  const x = b.node('normalize', 'normalize', [b.input], statistics);
  const one = { kernel: 1, bias: true };
  const before = b.conv2d('before', x, { ...one, outChannels: from });
  const options = { outChannels: to, kernel, stride, padding, dilation, groups, bias: true };
  // Its value has both signs: no relu.
  const y = b.conv2d('op', b.activation('relu', 'before.act', before), options);
  const after = b.activation(
    'relu',
    'after.act',
    b.conv2d('after', y, { ...one, outChannels: to }),
  );
  const vector = b.flatten('flat', b.globalAvgPool('pool', after));
  return b.build(b.linear('head', vector, { outFeatures: 5 }));
}

describeBuilt('int8 on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it.each(cases.map((each) => [JSON.stringify(each), each] as const))(
    'computes %s number for number as the reference, in every value',
    async (_title, each) => {
      const graph = networkOf(each);
      const weights = weightsOf(graph, evenly);
      const batch = imagesFor(graph, each[7]);
      const quantisation = quantisationOf(graph, weights, batch);
      const names = Object.keys(quantisation.values);
      for (const network of [graph, observed(graph, names)]) {
        const expected = evaluateQuantised(network, weights, quantisation, valuesOf(graph, batch));
        const { data } = await inferInt8(device, network, weights, quantisation, batch);
        expect(data).toEqual(Float32Array.from(expected.get(network.output)!.data));
      }
    },
  );

  const graph = networkOf(cases[5]);
  const weights = weightsOf(graph, evenly);
  const batch = imagesFor(graph, 6);
  const quantisation = quantisationOf(graph, weights, batch);

  it('says that integers compute', async () => {
    const { operations } = await inferInt8(device, graph, weights, quantisation, batch);
    const algorithms = operations.map(({ name, op, algorithm }) => [name, op, algorithm]);
    const product = expect.stringMatching(/^integer product, /);
    expect(algorithms).toEqual([
      ['before', 'conv2d', product],
      ['op', 'conv2d', product],
      ['after', 'conv2d', product],
      ['pool', 'global_avg_pool', 'integer sums'],
      ['flat', 'quantize', 'elementwise'],
      ['head', 'linear', product],
    ]);
    if (loadAddon().isa === 'amx') expect(algorithms[0]![2]).toBe('integer product, amx_int8');
  });

  it('gives the same logits for any size of batch, either layout, and floats that say the same', async () => {
    const { data: expected } = await inferInt8(device, graph, weights, quantisation, batch);
    const use = { kind: 'inference', precision: 'int8', weights, quantisation } as const;
    const session = await device.load(graph, { ...use, batchSize: 4 });
    const { images, channels, height, width, data } = batch;
    const area = height * width;
    const nhwc = data.map((_, i) => {
      const [image, pixel, c] = [
        Math.floor(i / area / channels),
        Math.floor(i / channels) % area,
        i % channels,
      ];
      return data[(image * channels + c) * area + pixel]!;
    });
    const same = [
      batch,
      { ...batch, layout: 'NHWC' as const, data: nhwc },
      { ...batch, data: Float32Array.from(data) },
    ];
    for (const one of same) expect((await session.infer(one)).data).toEqual(expected);
    const each = data.length / images;
    const last = { ...batch, images: 1, data: data.subarray(5 * each) };
    expect((await session.infer(last)).data).toEqual(expected.subarray(25));
    await session.close();
  });

  it('computes on floats beside the reference where an op has no integers', async () => {
    // A sum of two layers, a gate, and a maximum: floats between bytes.
    const b = new GraphBuilder({ shape: [3, 8, 8], dtype: 'float32' });
    const options = { outChannels: 16, kernel: 3, padding: 1, bias: true };
    const first = b.activation('relu', 'first.act', b.conv2d('first', b.input, options));
    const sum = b.add('sum', [b.conv2d('second', first, options), first]);
    const bent = b.activation('relu', 'sum.act', sum);
    const squeezed = b.conv2d('down', b.globalAvgPool('gate.pool', bent), {
      outChannels: 4,
      kernel: 1,
    });
    const up = b.conv2d('up', b.activation('relu', 'down.act', squeezed), {
      outChannels: 16,
      kernel: 1,
    });
    const gated = b.mul('gated', bent, b.activation('sigmoid', 'gate', up));
    const pooled = b.maxPool('max', gated, { kernel: 2 });
    const third = b.activation('silu', 'third.act', b.conv2d('third', pooled, options));
    const mixed = b.build(b.linear('head', b.flatten('flat', third), { outFeatures: 5 }));
    const drawn = weightsOf(mixed, evenly);
    const images = imagesFor(mixed, 4);
    const quantised = quantisationOf(mixed, drawn, images);
    const names = Object.keys(quantised.values);
    const network = observed(mixed, names);
    const { data } = await inferInt8(device, network, drawn, quantised, images);
    const expected = evaluateQuantised(network, drawn, quantised, valuesOf(mixed, images)).get(
      network.output,
    )!.data;
    // Sums of float32 are rounded in another order than the reference's: next to the middle between two steps that tells.
    const length = data.length / images.images;
    for (const part of observedParts(mixed, names)) {
      const { scale } = quantised.values[part.name]!;
      let most = 0;
      for (let start = part.offset; start < data.length; start += length)
        for (let i = start; i < start + part.length; i++)
          most = Math.max(most, Math.abs(data[i]! - expected[i]!) / scale);
      expect({ ...part, isWithinOneStep: most < 1.001 }).toEqual({
        ...part,
        isWithinOneStep: true,
      });
    }
  });

  it('is the reference for any network, whichever values and weights are in eight bits', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryNetwork({ drops: false }), fc.nat(999), async (network, seed) => {
        const drawn = weightsOf(network, (random, fan) => 0.2 + Math.abs(evenly(random, fan)));
        const images = imagesFor(network, 3);
        const some = arbitraryQuantisation(network, drawn, images, seed);
        const { data } = await inferInt8(device, network, drawn, some, images);
        const expected = evaluateQuantised(network, drawn, some, valuesOf(network, images));
        // One step here or there, carried on; a value that is taken for another is far off.
        expect(relativeError(data, expected.get(network.output)!.data)).toBeLessThan(0.02);
      }),
      { numRuns: 60 },
    );
  });

  describe('refuses', () => {
    const use = { kind: 'inference', batchSize: 2, precision: 'int8', weights } as const;
    it.each([
      ['int8 without a quantisation', 'RF-DEVICE-QUANTISATION', use],
      [
        'a quantisation of another network',
        'RF-GRAPH-QUANTISATION',
        { ...use, quantisation: { values: {}, weights: { 'op.weight': [1] } } },
      ],
    ])('%s', async (_name, code, one) => {
      const before = loadAddon().usage();
      await expect(device.load(graph, one)).rejects.toMatchObject({ code });
      expect(loadAddon().usage()).toEqual(before);
    });

    it('to train', async () => {
      const training = { ...use, kind: 'training', seed: 1, updateRule: { name: 'none' } };
      await expect(device.load(graph, training as never)).rejects.toMatchObject({
        code: 'RF-DEVICE-PRECISION',
      });
    });
  });

  it('gives its memory back', async () => {
    const before = loadAddon().usage();
    for (let i = 0; i < 20; i++) await inferInt8(device, graph, weights, quantisation, batch);
    expect(loadAddon().usage()).toEqual(before);
  });
});
