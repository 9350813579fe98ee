import { expect, it } from '@jest/globals';
import { decodeBfloat16, encodeBfloat16, sumBfloat16 } from './bfloat16.js';
import { pieces } from './pieces.js';

const encoded = (...values: number[]) => {
  const out = new Uint16Array(values.length);
  encodeBfloat16(Float32Array.from(values), out);
  return [...out];
};

it('rounds to the nearest, ties to even', () => {
  const ulp = 2 ** -7;
  expect(encoded(1, 1 + 0.49 * ulp, 1 + 0.5 * ulp, 1 + 0.51 * ulp)).toEqual([
    0x3f80, 0x3f80, 0x3f80, 0x3f81,
  ]);
  expect(encoded(1 + 1.5 * ulp, -1 - 1.5 * ulp)).toEqual([0x3f82, 0xbf82]);
});

it('keeps what is not finite, zeros and their signs', () => {
  expect(encoded(Infinity, -Infinity, 0, -0)).toEqual([0x7f80, 0xff80, 0, 0x8000]);
  // Too large for it: rounds up to infinity.
  expect(encoded(3.4e38)).toEqual([0x7f80]);
  const bits = Uint32Array.of(0x7fff_ffff, 0xffff_ffff, 0x7f80_0001);
  const out = new Uint16Array(3);
  encodeBfloat16(new Float32Array(bits.buffer), out);
  const back = new Float32Array(3);
  decodeBfloat16(out, back);
  expect([...back]).toEqual([NaN, NaN, NaN]);
});

it('adds up arrays in float32', () => {
  const values = Uint16Array.from(encoded(1, 2, -8, 2 ** -20, 4, 8));
  const sums = new Float32Array(3).fill(99);
  sumBfloat16(values, sums);
  expect([...sums]).toEqual([1 + 2 ** -20, 6, 0]);
});

it('splits arrays into pieces that share their memory', () => {
  const values = Float64Array.of(1, 2, 3, 4, 5);
  const parts = pieces(values, 2);
  expect(parts.map((part) => [...part])).toEqual([[1, 2], [3, 4], [5]]);
  parts[2]![0] = 9;
  expect(values[4]).toBe(9);
  expect(pieces(new Float32Array(0), 2)).toEqual([]);
});
