import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nearest } from './nearest.js';

describe('nearest', () => {
  it.each([
    ['epoch', ['epochs', 'seed'], 'epochs'],
    ['batch_size', ['data.batchSize', 'data.dir'], 'data.batchSize'],
    ['repvgg_a7', ['repvgg_a1', 'mobileone_s0'], 'repvgg_a1'],
    ['lr', ['seed', 'epochs'], undefined],
    ['x', ['y'], undefined],
    ['', ['a'], undefined],
  ])('%s of %j is %s', (name, candidates, meant) => {
    expect(nearest(name, candidates)).toBe(meant);
  });

  it('finds a name with one letter too few, among others', () => {
    const names = ['warmupEpochs', 'labelSmoothing', 'interpolation', 'checkpoint'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), (name, at) => {
        const index = at % name.length;
        expect(nearest(name.slice(0, index) + name.slice(index + 1), names)).toBe(name);
      }),
    );
  });
});
