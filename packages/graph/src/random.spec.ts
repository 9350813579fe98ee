import { describe, expect, it } from '@jest/globals';
import { randomOf } from './random.js';

const draws = (n: number, draw: () => number) => Array.from({ length: n }, draw);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('randomOf', () => {
  it('gives the same stream for the same seed and keys', () => {
    const [a, b] = [randomOf(42, 'x', 3), randomOf(42, 'x', 3)];
    expect(draws(20, a.uniform)).toEqual(draws(20, b.uniform));
  });

  it('keeps its values, which checkpoints and recorded curves rely on', () => {
    const random = randomOf(42, 'augment', 0, 7);
    expect([random.int(1000), random.uniform(), random.normal(), random.normal()]).toEqual([
      229, 0.362544628412413, 1.5387433854220858, -0.5512633846660001,
    ]);
  });

  it('gives unrelated streams for neighbouring seeds and keys', () => {
    const firsts = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      for (let key = 0; key < 30; key++) firsts.add(randomOf(seed, key).uniform());
    }
    expect(firsts.size).toBe(900);
    expect(Math.abs(mean([...firsts]) - 0.5)).toBeLessThan(0.03);
  });

  it('tells numbers from strings and one split of a path from another', () => {
    const streams = [
      randomOf(0, 1),
      randomOf(0, '1'),
      randomOf(0),
      randomOf(0, ''),
      randomOf(0, 'ab', 'c'),
      randomOf(0, 'a', 'bc'),
      randomOf(0, 0.5),
    ];
    expect(new Set(streams.map((s) => s.uniform())).size).toBe(streams.length);
  });

  it('has the moments of uniform and normal', () => {
    const random = randomOf(1, 'moments');
    const uniforms = draws(40_000, random.uniform);
    expect(Math.abs(mean(uniforms) - 1 / 2)).toBeLessThan(0.006);
    expect(Math.abs(mean(uniforms.map((x) => x * x)) - 1 / 3)).toBeLessThan(0.006);
    const normals = draws(40_000, random.normal);
    expect(Math.abs(mean(normals))).toBeLessThan(0.02);
    expect(Math.abs(mean(normals.map((x) => x * x)) - 1)).toBeLessThan(0.03);
    expect(Math.abs(mean(normals.map((x) => x ** 4)) - 3)).toBeLessThan(0.25);
    const pairs = normals.slice(1).map((x, i) => x * (normals[i] ?? 0));
    expect(Math.abs(mean(pairs))).toBeLessThan(0.02);
  });

  it('draws integers evenly, also for a range that does not divide 2^32', () => {
    const random = randomOf(2);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 14_000; i++) {
      const value = random.int(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
    expect(random.int(1)).toBe(0);
    for (let i = 0; i < 50; i++) expect(random.int(2 ** 32)).toBeLessThan(2 ** 32);
  });

  it('refuses a range without numbers', () => {
    expect(() => randomOf(0).int(0)).toThrow(RangeError);
    expect(() => randomOf(0).int(1.5)).toThrow(RangeError);
  });
});
