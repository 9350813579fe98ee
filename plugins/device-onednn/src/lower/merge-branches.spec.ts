import { describe, expect, it } from '@jest/globals';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import fc from 'fast-check';
import { arbitraryNetwork } from '../spec-kit/arbitrary-network.js';
import { repvggBlock } from '../spec-kit/repvgg-network.js';
import { liveGraph } from './live-graph.js';
import { mergeBranches } from './merge-branches.js';
import { mostAddends } from './split-wide-adds.js';

const mergeable = new Set([
  'batch_norm',
  'add',
  'relu',
  'relu6',
  'silu',
  'gelu',
  'sigmoid',
  'hard_sigmoid',
  'hard_swish',
]);

/** Nodes that read a value, each as often as it does; the network's asker is one more. */
function readersOf({ nodes, output }: Graph, name: string): number {
  const reads = nodes.flatMap(({ inputs }) => inputs).filter((input) => input === name);
  return reads.length + (name === output ? 1 : 0);
}

const merge = (
  graph: Graph,
  isPrivate = (name: string) => readersOf(graph, name) === 1 && name !== graph.output,
) => mergeBranches(graph, isPrivate);

function blockWith(end: (b: GraphBuilder, block: Value) => Value): Graph {
  const b = new GraphBuilder({ shape: [4, 6, 6], dtype: 'float32' });
  return b.build(end(b, repvggBlock(b, 'block.0', b.input, 4)));
}

describe('merging', () => {
  it('makes one group of three norms and a relu out of the block of a RepVGG', () => {
    const { groups, swallowed } = merge(blockWith((b, x) => b.globalAvgPool('pool', x)));
    expect([...groups.keys()]).toEqual(['block.0.act']);
    const group = groups.get('block.0.act')!;
    expect(group).toMatchObject({ name: 'block.0.conv_kxk.bn', activation: 'relu' });
    expect(group.addends.map(({ input, norm }) => [input, norm?.name])).toEqual([
      ['block.0.conv_kxk.conv', 'block.0.conv_kxk.bn'],
      ['block.0.conv_1x1.conv', 'block.0.conv_1x1.bn'],
      ['input', 'block.0.identity'],
    ]);
    expect(swallowed.size).toBe(4);
  });

  it('swallows nothing that somebody else reads, and nothing that is asked for', () => {
    const graph = blockWith((b, x) => b.mul('mul', x, x));
    for (const kept of ['block.0.sum', 'block.0.identity', 'block.0.conv_1x1.bn']) {
      const { groups, swallowed } = merge(graph, (name) => name !== kept);
      expect([...groups.keys()]).toContain(kept);
      expect(swallowed).not.toContain(kept);
    }
  });

  it('computes every norm, sum and activation of any network in one group, exactly once', () => {
    fc.assert(
      fc.property(arbitraryNetwork({ drops: true }), fc.boolean(), (network, training) => {
        const graph = liveGraph(network, training);
        const { groups, swallowed } = merge(graph);
        const names = graph.nodes.filter(({ op }) => mergeable.has(op)).map(({ name }) => name);
        expect([...groups.keys(), ...swallowed].sort()).toEqual(names.sort());
        for (const name of swallowed) expect(readersOf(graph, name)).toBe(1);

        const norms = [...groups.values()].flatMap(({ addends }) =>
          addends.flatMap(({ norm }) => norm?.name ?? []),
        );
        const all = graph.nodes.filter(({ op }) => op === 'batch_norm').map(({ name }) => name);
        expect(norms.sort()).toEqual(all.sort());
        for (const { addends } of groups.values()) {
          expect(addends.length).toBeLessThanOrEqual(mostAddends);
          // What is read is there: no part of a group.
          for (const { input } of addends) expect(swallowed).not.toContain(input);
        }
      }),
    );
  });
});
