import { describe, expect, it } from '@jest/globals';
import { canOverlap } from './can-overlap.js';

describe('whether sums run beside the backward pass', () => {
  const two = ['a', 'a'];
  it.each([
    ['a core for each rank, which computes', two, 1, { mine: 1, all: 2 }, false],
    ['two cores for a rank of one thread', two, 1, { mine: 2, all: 4 }, true],
    ['unbound, each core computes', two, 2, { mine: 4, all: 4 }, false],
    ['unbound, cores are left', two, 1, { mine: 4, all: 4 }, true],
    ['more threads than cores', two, 8, { mine: 4, all: 4 }, false],
    ['a network between', ['a', 'b'], 1, { mine: 1, all: 2 }, true],
    ['nobody knows where', undefined, 1, { mine: 1, all: 1 }, true],
  ] as const)('%s', (_title, hosts, threads, cores, expected) => {
    expect(canOverlap({ isShared: false, hosts, threads }, cores)).toBe(expected);
  });

  it('no core is free, and gradients lie in memory that all share', () => {
    const ranks = { isShared: true, hosts: two, threads: 1 };
    expect(canOverlap(ranks, { mine: 1, all: 2 })).toBe(true);
  });
});
