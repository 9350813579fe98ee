import { describe, expect, it } from '@jest/globals';
import { codeOf } from './spec-kit/code-of.js';
import { GraphBuilder } from './graph-builder.js';
import { withLoss, withoutLoss } from './loss.js';
import { shapesOf } from './shapes-of.js';

const b = new GraphBuilder({ shape: [3], dtype: 'float32' });
const logits = b.linear('fc', b.input, { outFeatures: 2 });
const graph = b.build(logits);
const attrs = { labelSmoothing: 0.1, targets: 'index' } as const;

describe('withLoss', () => {
  it('adds one scalar node on the output and keeps the output', () => {
    const trained = withLoss(graph, attrs);
    expect(trained).toMatchObject({ output: 'fc', loss: 'loss' });
    expect(trained.nodes.at(-1)).toEqual({
      name: 'loss',
      op: 'softmax_cross_entropy',
      inputs: ['fc'],
      attrs,
    });
    expect(shapesOf(trained).get('loss')).toEqual([]);
  });

  it('replaces the loss that is there', () => {
    const soft = withLoss(withLoss(graph, attrs), { ...attrs, targets: 'soft' });
    expect(soft.nodes).toHaveLength(3);
    expect(soft.nodes.at(-1)?.attrs).toMatchObject({ targets: 'soft' });
  });

  it('refuses a graph with another node of that name', () => {
    const other = new GraphBuilder({ shape: [3], dtype: 'float32' });
    const named = other.build(other.linear('loss', other.input, { outFeatures: 2 }));
    expect(codeOf(() => withLoss(named, attrs))).toBe('RF-GRAPH-DUPLICATE-NAME');
  });
});

describe('withoutLoss', () => {
  it('is the inverse', () => {
    expect(withoutLoss(withLoss(graph, attrs))).toEqual(graph);
    expect(withoutLoss(graph)).toBe(graph);
  });
});
