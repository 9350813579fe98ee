import { describe, expect, it } from '@jest/globals';
import { checkQuantisation, GraphBuilder, storedBias, storedWeight } from '@refold/graph';
import fc from 'fast-check';
import { planQuantisation } from './plan-quantisation.js';
import { quantise, valueQuantisation } from './quantise.js';
import { smallNetwork, someWeights } from './spec-kit/small-network.js';
import { realOf, toStored } from './stored-value.js';

const graph = smallNetwork();
const weights = someWeights(graph, 1);
const { values } = planQuantisation(graph);
const ranges = Object.fromEntries(values.map((name) => [name, { min: 0, max: 4 }]));

describe('planQuantisation', () => {
  it('stores what layers read and what a mean is taken of; relus go into their layers', () => {
    const { layers, float } = planQuantisation(graph);
    expect(values).toEqual(['normalize', 'a.act', 'b.act', 'c.act', 'flat']);
    expect(layers).toEqual(['a', 'b', 'c', 'fc']);
    expect(float.map(({ name }) => name)).toEqual(['normalize', 'pool']);
  });

  it('leaves a layer in float32 that is to stay', () => {
    const plan = planQuantisation(graph, ['fc']);
    expect(plan.layers).toEqual(['a', 'b', 'c']);
    expect(plan.values).not.toContain('flat');
    expect(plan.float.at(-1)).toEqual({ name: 'fc', op: 'linear', reason: expect.any(String) });
  });

  it.each([
    ['RF-QUANTISE-NODE', () => planQuantisation(graph, ['pool'])],
    [
      'RF-QUANTISE-TRAIN-FORM',
      () => {
        const b = new GraphBuilder({ shape: [2, 4, 4], dtype: 'float32' });
        return planQuantisation(b.build(b.batchNorm('bn', b.input)));
      },
    ],
  ])('refuses with %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe('quantise', () => {
  const quantisation = quantise(graph, weights, ranges);

  it('fits the graph, with scales that float32 holds', () => {
    expect(() => checkQuantisation(graph, quantisation)).not.toThrow();
  });

  it('puts the largest weight of every output channel at 127, and the others within half a step', () => {
    for (const name of ['a', 'b', 'c', 'fc']) {
      const weight = weights.get(`${name}.weight`)!;
      const scales = quantisation.weights[`${name}.weight`]!;
      const stored = storedWeight(weight, scales);
      const each = stored.length / scales.length;
      scales.forEach((scale, o) => {
        const row = stored.subarray(o * each, (o + 1) * each);
        expect(Math.max(...Array.from(row, Math.abs))).toBe(127);
        row.forEach((q, i) => {
          const error = Math.abs(q * scale - weight.data[o * each + i]!);
          expect(error).toBeLessThanOrEqual(scale * 0.5001);
        });
      });
    }
  });

  it('knows the range of normalised bytes without being told', () => {
    const { scale, zeroPoint } = quantisation.values['normalize']!;
    expect(scale).toBeCloseTo((0.6 / 0.2 + 0.5 / 0.25 - 0) / 255, 2);
    expect(realOf(255 - zeroPoint, quantisation.values['normalize']!)).toBeCloseTo(3, 1);
  });

  it('keeps a bias in 32 bits that is huge beside its weights', () => {
    const huge = new Map(weights);
    huge.set('a.bias', { shape: [8], data: new Float32Array(8).fill(3e6) });
    const weight = weights.get('a.weight')!;
    huge.set('a.weight', { shape: weight.shape, data: weight.data.map((w) => w * 1e-9) });
    const made = quantise(graph, huge, ranges);
    const scales = made.weights['a.weight']!;
    const { scale } = made.values['normalize']!;
    const bias = storedBias(huge.get('a.bias')!.data, scale, scales);
    bias.forEach((b, o) => {
      expect(Math.abs(b)).toBeLessThanOrEqual(2 ** 30 + 64);
      expect((b * scale * scales[o]!) / 3e6).toBeCloseTo(1, 6);
    });
  });

  it('stores zeros of a channel without weights', () => {
    const empty = new Map(weights);
    empty.set('c.weight', { shape: [6, 12, 1, 1], data: new Float32Array(72) });
    empty.set('c.bias', { shape: [6], data: new Float32Array(6) });
    expect(quantise(graph, empty, ranges).weights['c.weight']).toEqual(Array(6).fill(1));
  });

  it.each([
    ['RF-QUANTISE-RANGE', () => quantise(graph, weights, {})],
    [
      'RF-QUANTISE-NON-FINITE',
      () => quantise(graph, weights, { ...ranges, flat: { min: 0, max: NaN } }),
    ],
    [
      'RF-QUANTISE-NON-FINITE',
      () => {
        const bad = new Map(weights);
        bad.set('c.bias', { shape: [6], data: new Float32Array(6).fill(Infinity) });
        return quantise(graph, bad, ranges);
      },
    ],
  ])('refuses with %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe('valueQuantisation', () => {
  const real = fc.double({ min: -1e4, max: 1e4, noNaN: true });

  it('holds 0 exactly and everything in its range within half a step, and a bit for the zero point', () => {
    fc.assert(
      fc.property(real, real, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const range = { min: Math.min(a, b), max: Math.max(a, b) };
        const value = valueQuantisation(range);
        expect(realOf(toStored(0, value), value)).toBe(0);
        const [low, high] = [Math.min(0, range.min), Math.max(0, range.max)];
        const x = low + share * (high - low);
        const error = Math.abs(realOf(toStored(x, value), value) - x);
        expect(error).toBeLessThanOrEqual(value.scale * 1.001 + 1e-30);
      }),
    );
  });

  it('has zero point 0 where nothing is negative', () => {
    expect(valueQuantisation({ min: 0, max: 5 })).toMatchObject({ dtype: 'uint8', zeroPoint: 0 });
    expect(valueQuantisation({ min: 0, max: 0 })).toEqual({
      dtype: 'uint8',
      scale: 1,
      zeroPoint: 0,
    });
  });
});
