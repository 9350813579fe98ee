import { describe, expect, it } from '@jest/globals';
import { initialise } from '@refold/graph';
import { fuse } from '../fuse.js';
import { graphOf } from '../spec-kit/graph-of.js';
import { randomWeights } from '../spec-kit/random-weights.js';

const norms = ['a', 'b', 'c'];
const graph = graphOf((b, x) => {
  for (const name of norms) x = b.activation('relu', `${name}.act`, b.batchNorm(`${name}.bn`, x));
  return x;
});

/** Notes on weights in which these batch norms have the statistics of a new network. */
function notesWith(untouched: readonly string[]): readonly string[] {
  const fresh = initialise(graph, 0);
  const weights = randomWeights(graph, 1);
  for (const name of untouched) {
    for (const part of ['running_mean', 'running_var']) {
      weights.set(`${name}.bn.${part}`, fresh.get(`${name}.bn.${part}`)!);
    }
  }
  return fuse(graph, weights).report.notes;
}

describe('notes on batch norms that were never updated', () => {
  it('says nothing about trained statistics', () => expect(notesWith([])).toEqual([]));

  it.each([
    [['b'], '1 of 3 batch norms', ": 'b.bn'."],
    [['a', 'c'], '2 of 3 batch norms', ": 'a.bn', 'c.bn'."],
    [norms, '3 of 3 batch norms', ": 'a.bn', 'b.bn' and others."],
  ])('counts and names %j', (untouched, count, which) => {
    expect(notesWith(untouched)).toEqual([expect.stringContaining(count)]);
    expect(notesWith(untouched)).toEqual([expect.stringContaining(which)]);
  });

  it.each([
    ['running_mean', 0],
    ['running_var', 1],
  ])('takes a batch norm for trained of which only the %s is new', (part, value) => {
    const weights = randomWeights(graph, 1);
    weights.set(`a.bn.${part}`, { shape: [4], data: new Float32Array(4).fill(value) });
    expect(fuse(graph, weights).report.notes).toEqual([]);
  });
});
