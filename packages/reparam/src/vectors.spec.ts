import { describe, expect, it } from '@jest/globals';
import type { GraphBuilder, Value } from '@refold/graph';
import { fuse } from './fuse.js';
import { fusedForm } from './plan-fusion.js';
import { prove } from './proof/prove.js';
import { fusionErrors } from './spec-kit/compare.js';
import { graphOf, opsOf } from './spec-kit/graph-of.js';
import { randomWeights } from './spec-kit/random-weights.js';

const F = 6;
const vectors = (build: (b: GraphBuilder, x: Value) => Value) => graphOf(build, [F]);
const normLinear = (b: GraphBuilder, name: string, x: Value): Value =>
  b.linear(`${name}.l`, b.batchNorm(`${name}.bn`, x), { outFeatures: 3 });

/** RepViT's classifier: two heads, each a BN and a linear layer, whose answers are averaged. */
const distilled = vectors((b, x) =>
  b.weightedSum('head.mean', [
    [0.5, normLinear(b, 'head.head', b.node('dropout', 'head.drop', [x], { rate: 0.1 }))],
    [0.5, normLinear(b, 'head.head_dist', x)],
  ]),
);

describe('fusion of vectors', () => {
  it.each([
    ['a BN before a linear layer', vectors((b, x) => normLinear(b, 'head', x))],
    ['two averaged heads', distilled],
    [
      'a linear layer without bias beside the identity, and a BN after both',
      vectors((b, x) => {
        const layer = b.linear('layer', x, { outFeatures: F, bias: false });
        return b.batchNorm('bn', b.add('sum', [layer, x]));
      }),
    ],
    [
      'a narrow layer after a wide one',
      vectors((b, x) => {
        const wide = b.linear('wide', x, { outFeatures: 50 });
        return b.linear('narrow', wide, { outFeatures: 2 });
      }),
    ],
    [
      'two layers, concatenated',
      vectors((b, x) => {
        const parts = [normLinear(b, 'a', x), b.linear('b', x, { outFeatures: 2 })];
        return b.node('concat', 'both', parts, {});
      }),
    ],
  ])('makes one linear layer of %s', async (_what, graph) => {
    const weights = randomWeights(graph, 1);
    const { algebra, rounded, fusion } = fusionErrors(graph, weights);
    expect(opsOf(fusion.graph)).toEqual(['linear']);
    expect(fusion.report.left).toEqual([]);
    expect(fusion.report.macs.fused).toBeLessThanOrEqual(fusion.report.macs.train);
    expect(algebra).toBeLessThan(1e-12);
    expect(rounded).toBeLessThan(1e-5);
    expect(fusedForm(graph)).toEqual(fusion.graph);
    const proof = await prove({ graph, weights }, fusion);
    expect(proof.regions).toHaveLength(1);
    expect(proof.regions[0]!.maxRelError).toBeLessThan(1e-5);
  });

  it('names the layer after the path of what it replaces', () => {
    const { graph, weights } = fuse(distilled, randomWeights(distilled, 2));
    expect(graph.output).toBe('head.reparam_linear');
    expect([...weights].map(([name, { shape }]) => [name, shape])).toEqual([
      ['head.reparam_linear.weight', [3, F]],
      ['head.reparam_linear.bias', [3]],
    ]);
  });

  it('leaves a linear layer behind a dropout as it is', () => {
    const graph = vectors((b, x) =>
      b.linear('fc', b.node('dropout', 'drop', [x], { rate: 0.5 }), { outFeatures: 3 }),
    );
    const fusion = fuse(graph, randomWeights(graph, 3));
    expect(fusion.graph).toEqual(graph);
    expect(fusion.report).toMatchObject({ regions: [], left: [] });
  });

  it('keeps two layers where one would cost more, and says so', () => {
    const graph = vectors((b, x) => {
      const narrow = b.linear('narrow', x, { outFeatures: 2 });
      return b.linear('wide', narrow, { outFeatures: F });
    });
    const fusion = fuse(graph, randomWeights(graph, 4));
    expect(opsOf(fusion.graph)).toEqual(['linear', 'linear']);
    expect(fusion.report.left).toMatchObject([{ name: 'wide' }]);
  });

  it('leaves a BN with no layer beside it, and makes it dense where nodes count most', () => {
    const graph = vectors((b, x) => b.batchNorm('second', b.batchNorm('first', x)));
    const weights = randomWeights(graph, 5);
    expect(opsOf(fuse(graph, weights).graph)).toEqual(['batch_norm', 'batch_norm']);
    const { algebra, fusion } = fusionErrors(graph, weights, { allowMoreMacs: true });
    expect(fusion.graph.nodes[1]).toMatchObject({ op: 'linear', attrs: { outFeatures: F } });
    expect(algebra).toBeLessThan(1e-12);
  });

  it('does not mix vectors with images', () => {
    const graph = graphOf((b, x) => {
      const conv = b.conv2d('conv', x, { outChannels: 2, kernel: 1 });
      return b.linear('fc', b.flatten('flat', conv), { outFeatures: 3 });
    });
    expect(opsOf(fuse(graph, randomWeights(graph, 6)).graph)).toEqual([
      'conv2d',
      'flatten',
      'linear',
    ]);
  });
});
