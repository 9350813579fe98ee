import { expect, it } from '@jest/globals';
import type { TrainingUse } from '@refold/core';
import { evaluate, GraphBuilder, withLoss } from '@refold/graph';
import { relativeError } from '@refold/testing';
import { loadAddon } from './native/load-addon.js';
import { besideReference } from './spec-kit/beside-reference.js';
import { algorithmsOf, evenly, weightsOf } from './spec-kit/conv-network.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { gradientsOf, noiseFor } from './spec-kit/repvgg-network.js';
import { momentumRule } from './spec-kit/tiny-training.js';

interface Case {
  readonly channels: readonly [from: number, to: number];
  readonly groups: number;
  readonly size: readonly [height: number, width: number];
  readonly padding: number;
  readonly images: number;
}

type Row = readonly [number, number, number, number, number, number, number];

/**
 * Channels, groups, padding, images, height and width: every number of each column is met, most pairs of them too, and
 * 0 to 3 rows and columns are left beside tiles of 4 × 4; in the last two cases there is no such tile. Images for as many tiles as
 * make up for the weights' transforms.
 */
const cases: readonly Case[] = (
  [
    [32, 32, 1, 0, 3, 14, 14],
    [32, 64, 1, 1, 6, 7, 13],
    [64, 32, 1, 2, 6, 7, 7],
    [48, 48, 1, 1, 3, 17, 13],
    [48, 32, 1, 0, 5, 13, 9],
    [64, 48, 1, 2, 3, 14, 17],
    [64, 64, 1, 1, 3, 13, 14],
    [32, 32, 2, 1, 5, 14, 13],
    [64, 32, 2, 0, 3, 17, 14],
    [32, 64, 2, 2, 3, 13, 17],
    [64, 64, 2, 1, 6, 7, 14],
    [64, 64, 2, 2, 6, 7, 8],
    [48, 48, 1, 1, 512, 2, 2],
    [96, 96, 1, 1, 96, 2, 9],
  ] as const
).map(caseOf);

function caseOf([from, to, groups, padding, images, height, width]: Row): Case {
  return {
    ...{ channels: [from, to], groups, padding, images },
    size: [height, width],
  };
}

const halfCases = (
  [
    [64, 64, 1, 1, 3, 16, 16],
    [48, 96, 1, 1, 4, 12, 15],
    [96, 64, 1, 0, 2, 14, 18],
    [128, 128, 2, 1, 8, 8, 8],
    [64, 96, 1, 1, 7, 14, 10],
    [96, 96, 2, 1, 9, 6, 9],
    [512, 512, 1, 1, 32, 16, 16],
    [512, 512, 1, 1, 33, 18, 14],
  ] as const
).map(caseOf);

/** Transformed values have eight bits, too: measured up to 3.8e-2. */
const HALF = 0.06;

/** The convolution behind a 1 × 1 one, through whose gradient the one of its input is seen. */
function networkOf({ channels: [from, to], groups, size, padding }: Case) {
  const b = new GraphBuilder({ shape: [4, ...size], dtype: 'float32' });
  const before = b.conv2d('before', b.input, { outChannels: from, kernel: 1 });
  const options = { outChannels: to, kernel: 3, padding, groups, bias: true };
  const y = b.conv2d('op', before, options);
  const forward = b.build(y);
  const head = b.linear('head', b.flatten('flat', y), { outFeatures: 3 });
  return { forward, whole: withLoss(b.build(head), { labelSmoothing: 0, targets: 'index' }) };
}

describeBuilt('Winograd on onednn', () => {
  const open = besideReference();

  const titled = cases.map((each) => [JSON.stringify(each), each] as const);
  it.each(titled)('computes values and gradients of %s', async (_title, each) => {
    const { forward, whole } = networkOf(each);
    const weights = weightsOf(whole, evenly);
    const batch = noiseFor(whole, 3, each.images, 3);
    const common = { batchSize: each.images, precision: 'float32' } as const;
    const use: TrainingUse = {
      ...{ kind: 'training', ...common, weights },
      ...{ seed: 1, updateRule: momentumRule },
    };

    const inference = await open.device.load(forward, {
      kind: 'inference',
      ...common,
      weights: weightsOf(forward, evenly),
    });
    expect(algorithmsOf(inference)).toEqual(['forward winograd F(4x4,3x3)']);
    const { data } = await inference.infer(batch);
    await inference.close();
    const input = { shape: [each.images, 4, ...each.size], data: batch.data as Float32Array };
    const expected = evaluate(forward, weights, input).get('op')!.data;
    expect(relativeError(data, expected)).toBeLessThan(2e-5);

    const [mine, theirs] = [
      await open.device.load(whole, use),
      await open.reference.load(whole, use),
    ];
    expect(algorithmsOf(mine)).toEqual([
      'forward winograd F(4x4,3x3)',
      'backward-data winograd F(4x4,3x3)',
      'backward-weights winograd F(4x4,3x3)',
    ]);
    const [{ loss }, { loss: expectedLoss }] = [
      await mine.backward(batch),
      await theirs.backward(batch),
    ];
    expect(Math.abs(loss / expectedLoss - 1)).toBeLessThan(2e-5);
    const gradients = await gradientsOf(mine);
    for (const [name, values] of await gradientsOf(theirs)) {
      const error = relativeError(gradients.get(name)!, values);
      expect({ name, error, isClose: error < 2e-5 }).toEqual({ name, error, isClose: true });
    }
    await mine.close();
  });

  const inHalf = halfCases.map((each) => [JSON.stringify(each), each] as const);
  it.each(inHalf)('computes gradients of %s in bfloat16', async (_title, each) => {
    const { whole } = networkOf(each);
    const weights = weightsOf(whole, evenly);
    const batch = noiseFor(whole, 3, each.images, 3);
    const common = { kind: 'training', batchSize: each.images, weights } as const;
    const use = { ...common, seed: 1, updateRule: momentumRule };
    const mine = await open.device.load(whole, { ...use, precision: 'bfloat16' });
    const theirs = await open.device.load(whole, { ...use, precision: 'float32' });
    const { isa } = loadAddon();
    // Tiles multiply fast enough for direct convolutions, up to some hundred channels.
    const isDirect = isa === 'amx' && each.channels[0] < 512;
    const data = isDirect ? 'matrix product, amx_bf16' : 'winograd F(4x4,3x3)';
    if (['amx', 'avx512_bf16'].includes(isa))
      expect(algorithmsOf(mine)).toEqual([
        `forward ${data}`,
        `backward-data ${data}`,
        'backward-weights winograd F(4x4,3x3)',
      ]);
    await mine.backward(batch);
    await theirs.backward(batch);
    const gradients = await gradientsOf(mine);
    for (const [name, values] of await gradientsOf(theirs)) {
      const error = relativeError(gradients.get(name)!, values);
      expect({ name, error, isClose: error < HALF }).toEqual({ name, error, isClose: true });
    }
    await mine.close();
    await theirs.close();
  });
});
