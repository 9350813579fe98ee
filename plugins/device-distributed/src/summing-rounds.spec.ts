import { expect, it } from '@jest/globals';
import { summingRounds } from './summing-rounds.js';

const MI = 2 ** 20;

it('sums few buckets in a row at once in shared memory, and leaves what is over for the end', () => {
  expect(summingRounds([MI, 2 * MI, MI, MI - 1, 1, MI, 3 * MI, 7], true)).toEqual([
    [0, 1],
    [2, 3, 4],
    [5, 6],
    [7],
  ]);
});

it('sums each bucket by itself elsewhere', () => {
  expect(summingRounds([3, 2, 1], false)).toEqual([[0], [1], [2]]);
});

it('sums nothing where there is nothing', () => {
  expect(summingRounds([], true)).toEqual([]);
});
