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

/**
 * Channels, groups, kernel, stride, padding, dilation, images, height and width. Pixels that no tap reaches (1 × 1 with
 * strides), blocks of rows that end early, fewer than 16 rows, steps along K that are filled up with zeros, K in
 * chunks, and panels of one to four vectors all occur.
 */
const cases = (
  [
    [16, 16, 1, 1, 1, 0, 1, 1, 3, 3],
    [48, 80, 1, 1, 1, 0, 1, 2, 7, 9],
    [32, 48, 1, 1, 2, 0, 1, 5, 8, 7],
    [64, 32, 1, 1, 3, 0, 1, 2, 10, 11],
    [32, 64, 1, 3, 2, 1, 1, 3, 14, 14],
    [48, 96, 1, 3, 2, 1, 1, 2, 15, 13],
    [16, 128, 1, 3, 2, 0, 1, 1, 9, 8],
    [64, 64, 2, 3, 2, 1, 1, 2, 11, 14],
    [96, 96, 2, 3, 1, 1, 1, 1, 6, 5],
    [32, 32, 1, 3, 1, 2, 2, 2, 9, 10],
    [32, 16, 1, 5, 1, 2, 1, 2, 9, 9],
    [16, 48, 1, 5, 3, 2, 1, 2, 13, 16],
    [32, 32, 1, 2, 2, 0, 1, 4, 12, 12],
    [240, 48, 1, 3, 2, 1, 1, 2, 9, 7],
  ] as const
).map(convCase);

const sign = (x: number) => (x > 0.5 ? 1 : x < -0.5 ? -1 : 0);

/** Weights and images are rounded to eight bits, and so is what is between: measured up to 5e-3 in all gradients. */
const GRADIENT = 0.015;

describeBuilt('convolutions of bfloat16 on onednn', () => {
  const open = besideReference();

  const titled = cases.map((each) => [JSON.stringify(each), each] as const);

  it.each(titled)('computes whole numbers of %s exactly', async (_title, each) => {
    const { forward } = convBesideAnother(each);
    // Of −1, 0 and 1: sums stay below 256, where eight bits hold every whole number.
    const weights = weightsOf(forward, (random) => sign(random.normal()));
    const session = await open.device.load(forward, {
      ...{ kind: 'inference', batchSize: each.images, precision: 'bfloat16', weights },
    });
    if (loadAddon().isa === 'amx')
      expect(algorithmsOf(session)).toEqual(['forward matrix product, amx_bf16']);
    const noise = noiseFor(forward, 3, each.images);
    const data = (noise.data as Float32Array).map(sign);
    const shape = [each.images, 4, ...each.size];
    const { data: values } = await session.infer({ ...noise, data });
    const expected = evaluate(forward, weights, { shape, data }).get('op')!.data;
    expect(relativeError(values, expected)).toBe(0);
    await session.close();
  });

  it.each(titled)('computes the gradients of %s but for rounding', async (_title, each) => {
    const { whole } = convBesideAnother(each);
    const weights = weightsOf(whole, evenly);
    const batch = noiseFor(whole, 3, each.images, 3);
    const use = {
      ...{ kind: 'training', batchSize: each.images, weights, seed: 1, updateRule: momentumRule },
    } as const satisfies Partial<TrainingUse>;
    const mine = await open.device.load(whole, { ...use, precision: 'bfloat16' });
    const theirs = await open.reference.load(whole, { ...use, precision: 'float32' });
    await mine.backward(batch);
    await theirs.backward(batch);
    const gradients = await gradientsOf(mine);
    for (const [name, values] of await gradientsOf(theirs)) {
      const error = relativeError(gradients.get(name)!, values);
      expect({ name, error, isClose: error < GRADIENT }).toEqual({ name, error, isClose: true });
    }
    await mine.close();
  });
});
