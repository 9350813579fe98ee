import { describe, expect, it } from '@jest/globals';
import { evaluate, randomOf, type Graph } from '@refold/graph';
import { calibrate, type Runner } from './calibrate.js';
import { Histogram } from './histogram.js';
import { observed, observedGroups, observedParts } from './observed.js';
import { planQuantisation } from './plan-quantisation.js';
import { rangeBy } from './range-methods.js';
import { smallNetwork, someImages, someWeights } from './spec-kit/small-network.js';

const graph = smallNetwork();
const weights = someWeights(graph, 1);
const { values } = planQuantisation(graph);
type Images = ReturnType<typeof someImages>;

/** Runs graphs by the reference. */
const load = async (network: Graph): Promise<Runner<Images>> => ({
  infer: async (batch) => ({
    images: batch.shape[0]!,
    data: Float32Array.from(evaluate(network, weights, batch).get(network.output)!.data),
  }),
  close: async () => undefined,
});
const batches = () => [1, 2, 3].map((seed) => someImages(4, seed));

describe('observed', () => {
  it('gives the values of nodes away, one after the other', () => {
    const images = someImages(2, 5);
    const names = ['b.act', 'fc', 'a'];
    const network = observed(graph, names);
    const row = evaluate(network, weights, images).get(network.output)!;
    const all = evaluate(graph, weights, images, { outputs: names });
    const length = row.data.length / 2;
    for (const part of observedParts(graph, names)) {
      for (const image of [0, 1]) {
        const start = image * length + part.offset;
        const value = all.get(part.name)!.data;
        const expected = value.subarray(image * part.length, (image + 1) * part.length);
        expect(row.data.subarray(start, start + part.length)).toEqual(expected);
      }
    }
  });

  it('takes a single node as well, and refuses one that is not there', () => {
    const network = observed(graph, ['a.act']);
    expect(evaluate(network, weights, someImages(1, 1)).get(network.output)!.shape).toEqual([
      1, 576,
    ]);
    expect(() => observed(graph, ['nobody'])).toThrow(
      expect.objectContaining({ code: 'RF-QUANTISE-NODE' }),
    );
  });

  it('keeps groups below a size, but for values that are larger alone', () => {
    expect(observedGroups(graph, values, 600)).toEqual([
      ['normalize'],
      ['a.act'],
      ['b.act', 'c.act', 'flat'],
    ]);
  });
});

describe('calibrate', () => {
  it('finds the least and largest of all values, however they are grouped', async () => {
    for (const mostElements of [1, 1e6]) {
      const options = { batches, load, method: { kind: 'max' }, mostElements } as const;
      const ranges = await calibrate(graph, options);
      const seen = batches().map((images) => evaluate(graph, weights, images, { outputs: values }));
      for (const name of values) {
        const all = seen.flatMap((one) => Array.from(one.get(name)!.data, Math.fround));
        expect(ranges[name]).toEqual({
          min: Math.min(0, ...all),
          max: Math.max(0, ...all),
        });
      }
    }
  });

  it.each([
    ['RF-QUANTISE-NO-IMAGES', { batches: () => [], load }],
    [
      'RF-QUANTISE-NON-FINITE',
      {
        batches,
        load: async () => ({
          infer: async () => ({ images: 1, data: Float32Array.of(NaN).slice() }),
          close: async () => undefined,
        }),
      },
    ],
  ])('refuses with %s', async (code, options) => {
    await expect(calibrate(graph, options)).rejects.toThrow(expect.objectContaining({ code }));
  });
});

describe('Histogram', () => {
  const random = randomOf(3, 'values');
  const normal = Float32Array.from({ length: 20_000 }, () => random.normal());

  it('counts every number once, in any order, whatever comes first', () => {
    const [small, large] = [normal, normal.map((x) => 1000 * x)];
    const one = new Histogram('x');
    one.add(small);
    one.add(large);
    const other = new Histogram('x');
    other.add(large);
    other.add(small);
    expect(one.counts).toEqual(other.counts);
    expect(one.counts.reduce((sum, n) => sum + n, 0)).toBe(40_000);
    expect([one.min, one.max]).toEqual([other.min, other.max]);
  });

  it('gives percentiles on both sides within a bin of the sorted values', () => {
    const histogram = new Histogram('x');
    histogram.add(normal);
    const sorted = normal.toSorted();
    const { min, max } = rangeBy({ kind: 'percentile', percent: 99 }, histogram);
    expect(Math.abs(min - sorted[200]!)).toBeLessThanOrEqual(histogram.binWidth);
    expect(Math.abs(max - sorted[19_799]!)).toBeLessThanOrEqual(histogram.binWidth);
    const nothing = rangeBy({ kind: 'percentile', percent: 100 }, histogram);
    expect(nothing).toEqual(rangeBy({ kind: 'max' }, histogram));
  });

  it('cuts an outlier off by the least squares, as trying every range on the values does', () => {
    const values = Float32Array.from({ length: 400_000 }, () => Math.abs(random.normal()));
    values[0] = 8;
    const histogram = new Histogram('x');
    histogram.add(values);
    const { min, max } = rangeBy({ kind: 'mse' }, histogram);
    const errorOf = (limit: number) =>
      values.reduce((sum, x) => {
        const q = Math.min(255, Math.round((x * 255) / limit));
        return sum + (x - (q * limit) / 255) ** 2;
      }, 0);
    const tried = Array.from({ length: 100 }, (_, i) => errorOf(8 * (1 - 0.008 * i)));
    expect(min).toBe(0);
    expect(errorOf(max)).toBeLessThan(1.05 * Math.min(...tried));
    expect(max).toBeLessThan(7);
  });
});
