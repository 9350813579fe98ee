import { expect, it } from '@jest/globals';
import type { TrainingUse } from '@refold/core';
import { evaluate } from '@refold/graph';
import { relativeError } from '@refold/testing';
import { loadAddon } from './native/load-addon.js';
import { besideReference } from './spec-kit/beside-reference.js';
import { convBesideAnother, convCase } from './spec-kit/conv-beside-another.js';
import { algorithmsOf, evenly, weightsOf } from './spec-kit/conv-network.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { gradientsOf, noiseFor } from './spec-kit/repvgg-network.js';
import { momentumRule } from './spec-kit/tiny-training.js';

const winograd = 'winograd F(4x4,3x3)';
const other = expect.not.stringContaining('winograd') as unknown as string;
const matrix = 'matrix product, amx_bf16 in three parts';

/**
 * Kernels of stride 1 over few tiles of 4 × 4, and how training computes forward, backward-data and backward-weights, where there
 * are tiles of AMX and elsewhere. In Winograd's domain weights are four times as large: training, which transforms them in each
 * step, multiplies so few otherwise.
 */
const cases = (
  [
    [
      [96, 96, 1, 3, 1, 1, 1, 1, 8, 8],
      [matrix, matrix, other],
      [other, other, other],
    ],
    [
      [96, 96, 1, 3, 1, 1, 1, 6, 9, 7],
      [matrix, matrix, winograd],
      [winograd, winograd, winograd],
    ],
    [
      [128, 96, 1, 3, 1, 1, 1, 32, 4, 4],
      [matrix, matrix, winograd],
      [winograd, winograd, winograd],
    ],
  ] as const
).map(([row, onAmx, elsewhere]) => ({ row, each: convCase(row), onAmx, elsewhere }));

describeBuilt('3×3 convolutions of few tiles on onednn', () => {
  const open = besideReference();

  const titled = cases.map((each) => [each.row.join(' '), each] as const);
  it.each(titled)('are by Winograd where weights are kept for %s', async (_title, { each }) => {
    const { forward, whole } = convBesideAnother(each);
    const batch = noiseFor(whole, 3, each.images, 3);
    const weights = weightsOf(forward, evenly);
    const common = { kind: 'inference', batchSize: each.images, precision: 'float32' } as const;
    const session = await open.device.load(forward, { ...common, weights });
    expect(algorithmsOf(session)).toEqual([expect.stringContaining(winograd)]);
    const { data } = await session.infer(batch);
    await session.close();
    const input = { shape: [each.images, 4, ...each.size], data: batch.data as Float32Array };
    expect(relativeError(data, evaluate(forward, weights, input).get('op')!.data)).toBeLessThan(
      2e-5,
    );
  });

  it.each(titled)('are trained for %s', async (_title, { each, onAmx, elsewhere }) => {
    const { whole } = convBesideAnother(each);
    const batch = noiseFor(whole, 3, each.images, 3);
    const use: TrainingUse = {
      ...{ kind: 'training', batchSize: each.images, precision: 'float32' },
      ...{ weights: weightsOf(whole, evenly), seed: 1, updateRule: momentumRule },
    };
    const [mine, theirs] = [
      await open.device.load(whole, use),
      await open.reference.load(whole, use),
    ];
    const expected = loadAddon().isa === 'amx' ? onAmx : elsewhere;
    const passes = ['forward', 'backward-data', 'backward-weights'];
    expect(algorithmsOf(mine)).toEqual(
      expected.map((what, i) => (what === other ? other : `${passes[i]} ${what}`)),
    );
    await mine.backward(batch);
    await theirs.backward(batch);
    const gradients = await gradientsOf(mine);
    for (const [name, values] of await gradientsOf(theirs)) {
      const error = relativeError(gradients.get(name)!, values);
      expect({ name, error, isClose: error < 2e-5 }).toEqual({ name, error, isClose: true });
    }
    await mine.close();
  });
});
