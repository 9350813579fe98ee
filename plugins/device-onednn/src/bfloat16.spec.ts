import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device, TrainingSession } from '@refold/core';
import { slotTensorName, type NamedTensors } from '@refold/graph';
import { relativeError } from '@refold/testing';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import {
  flatOf,
  gradientsOf,
  noiseFor,
  repvggNetwork,
  repvggUse,
} from './spec-kit/repvgg-network.js';

const graph = repvggNetwork();
const IMAGES = 64;
const batch = (seed: number) => noiseFor(graph, seed, IMAGES);
const useIn = (precision: 'float32' | 'bfloat16') =>
  repvggUse(graph, { precision, batchSize: IMAGES });

// A number of bfloat16 has eight bits, so that rounding is off by up to 1/512. Measured against float32 were losses off by
// up to 3.5e-4, logits by 4e-3, the worst running statistic by 7e-3 (a mean near zero), and all gradients together by
// 2.8e-2. The tolerances are about twice as much, for other processors' order of sums.
const LOSS = 1e-3;
const LOGITS = 0.01;
const STATISTICS = 0.015;
const GRADIENT = 0.05;
/** Float32 has more than half of the gradients' error as soon as its weights and images are rounded: 1.7 to 1.9 times. */
const MORE_THAN_INPUTS = 3;

describeBuilt('bfloat16 on onednn', () => {
  let device: Device;
  let half: TrainingSession;
  let single: TrainingSession;
  /** In float32, of weights and images in bfloat16. */
  let rounded: TrainingSession;
  beforeAll(async () => {
    device = onednnDevice();
    half = await device.load(graph, useIn('bfloat16'));
    single = await device.load(graph, useIn('float32'));
    rounded = await device.load(graph, useIn('float32'));
  });
  afterAll(() => device.close());

  it('gives the losses and gradients of float32 but for rounding, from the same state', async () => {
    for (let step = 0; step < 3; step++) {
      const state = await single.read();
      await half.write(state);
      await rounded.write(roundedWeights(state));
      const images = batch(step);
      const [mine, theirs] = [await half.backward(images), await single.backward(images)];
      const data = roundedToHalf(images.data as Float32Array);
      await rounded.backward({ ...images, data });
      expect(Math.abs(mine.loss / theirs.loss - 1)).toBeLessThan(LOSS);

      const expected = flatOf(await gradientsOf(single));
      const error = relativeError(flatOf(await gradientsOf(half)), expected);
      const inputs = relativeError(flatOf(await gradientsOf(rounded)), expected);
      expect(error).toBeLessThan(GRADIENT);
      expect(error).toBeLessThan(MORE_THAN_INPUTS * inputs);
      // It was computed in bfloat16.
      expect(error).toBeGreaterThan(inputs / 3);

      for (const session of [half, single, rounded]) await session.update(0.02);
      const statistics = await half.read();
      for (const [name, { data: values }] of await single.read()) {
        if (!name.includes('running')) continue;
        const off = relativeError(statistics.get(name)!.data, values);
        expect({ name, off, isClose: off < STATISTICS }).toEqual({ name, off, isClose: true });
      }
    }
  });

  it('learns as float32 does', async () => {
    const losses: number[][] = [];
    for (const precision of ['bfloat16', 'float32'] as const) {
      const session = await device.load(graph, useIn(precision));
      const own: number[] = [];
      for (let step = 0; step < 9; step++) {
        own.push((await session.backward(batch(step % 3))).loss);
        await session.update(0.02);
      }
      losses.push(own);
      await session.close();
    }
    const [mine, theirs] = losses as [number[], number[]];
    expect(theirs.at(-1)).toBeLessThan(0.8 * theirs[0]!);
    expect(relativeError(mine, theirs)).toBeLessThan(LOSS);
  });

  it('gives the logits of float32 but for rounding', async () => {
    await half.write(await single.read());
    const errors: number[] = [];
    for (let seed = 20; seed < 24; seed++) {
      const [mine, theirs] = [await half.infer(batch(seed)), await single.infer(batch(seed))];
      errors.push(relativeError(mine.data, theirs.data));
    }
    const { weights } = repvggUse(graph);
    const inference = { kind: 'inference', batchSize: IMAGES, weights } as const;
    const [a, b] = [
      await device.load(graph, { ...inference, precision: 'bfloat16' }),
      await device.load(graph, { ...inference, precision: 'float32' }),
    ];
    const [mine, theirs] = [await a.infer(batch(9)), await b.infer(batch(9))];
    errors.push(relativeError(mine.data, theirs.data));
    for (const error of errors) {
      expect(error).toBeLessThan(LOGITS);
      // They were computed in bfloat16.
      expect(error).toBeGreaterThan(1e-5);
    }
    await Promise.all([a.close(), b.close()]);
  });

  it('keeps parameters, statistics, slots and gradients in float32', async () => {
    const use = useIn('bfloat16');
    const session = await device.load(graph, use);
    const before = await session.read();
    for (const [name, { data }] of use.weights) expect(before.get(name)!.data).toEqual(data);
    await session.backward(batch(1));
    const gradients = await gradientsOf(session);
    await session.update(0.125);
    const after = await session.read();
    for (const [name, gradient] of gradients) {
      const moved = before.get(name)!.data.map((p, i) => Math.fround(p - 0.125 * gradient[i]!));
      expect(relativeError(after.get(name)!.data, moved)).toBeLessThan(1e-7);
      expect(after.get(slotTensorName('velocity', name))!.data).toEqual(gradient);
    }
    for (const [name, { data }] of after)
      if (name.includes('running'))
        expect({ name, isRounded: isRounded(data) }).toEqual({ name, isRounded: false });
    await session.close();
  });
});

/** Whether every number is one of bfloat16's. */
function isRounded(values: Float32Array): boolean {
  return relativeError(roundedToHalf(values), values) === 0;
}

/** To the nearest number of bfloat16, to the even one of two. */
function roundedToHalf(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer);
  bits.forEach((each, i) => (bits[i] = (each + 0x7fff + ((each >>> 16) & 1)) & 0xffff0000));
  return new Float32Array(bits.buffer);
}

/** What convolutions and the classifier multiply with, rounded; the rest as it is. */
function roundedWeights(state: NamedTensors): NamedTensors {
  const isRoundedThere = (name: string) =>
    !name.startsWith('optimizer.') && /(conv|fc)\.weight$/.test(name);
  return new Map(
    [...state].map(([name, { shape, data }]) => [
      name,
      { shape, data: isRoundedThere(name) ? roundedToHalf(data) : data },
    ]),
  );
}
