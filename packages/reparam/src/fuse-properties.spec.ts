import { describe, expect, it } from '@jest/globals';
import { count, graphToJson } from '@refold/graph';
import fc from 'fast-check';
import { fuse } from './fuse.js';
import { fusedForm } from './plan-fusion.js';
import { prove } from './proof/prove.js';
import { fusionErrors } from './spec-kit/compare.js';
import { blockNetworks, buildNetwork } from './spec-kit/random-blocks.js';
import { randomWeights } from './spec-kit/random-weights.js';

const runs = { numRuns: 150, seed: 42 };

describe('fusion of random block graphs', () => {
  it('is exact in float64 and within 1e-5 after rounding, under the policy', () => {
    let regions = 0;
    fc.assert(
      fc.property(blockNetworks, (network) => {
        const graph = buildNetwork(network);
        const { algebra, rounded, fusion } = fusionErrors(graph, randomWeights(graph, 1));
        regions += fusion.report.regions.length;
        expect(algebra).toBeLessThan(1e-10);
        expect(rounded).toBeLessThan(1e-5);
      }),
      runs,
    );
    // The properties say something only if much is fused.
    expect(regions).toBeGreaterThan(runs.numRuns);
  });

  it('is exact where every region with a closed form is fused, whatever it costs', () => {
    fc.assert(
      fc.property(blockNetworks, (network) => {
        const graph = buildNetwork(network);
        const { algebra } = fusionErrors(graph, randomWeights(graph, 2), { allowMoreMacs: true });
        expect(algebra).toBeLessThan(1e-10);
      }),
      runs,
    );
  });

  it('never costs more multiply-adds, gives a reason for what it leaves, and has nothing more to do', () => {
    fc.assert(
      fc.property(blockNetworks, (network) => {
        const graph = buildNetwork(network);
        const once = fuse(graph, randomWeights(graph, 3));
        expect(count(once.graph).macs).toBeLessThanOrEqual(count(graph).macs);
        const remains = once.graph.nodes.filter(({ op }) =>
          ['batch_norm', 'scale', 'avg_pool', 'concat', 'add', 'weighted_sum'].includes(op),
        );
        if (remains.length > 0) expect(once.report.left).not.toEqual([]);
        for (const { reason } of once.report.left) expect(reason).toMatch(/\w/);

        const twice = fuse(once.graph, once.weights);
        expect(graphToJson(twice.graph)).toEqual(graphToJson(once.graph));
        expect(twice.report.regions).toEqual([]);
        expect([...twice.weights]).toEqual([...once.weights]);
      }),
      runs,
    );
  });

  it('has the form that is foretold without weights', () => {
    fc.assert(
      fc.property(blockNetworks, (network) => {
        const graph = buildNetwork(network);
        const fused = fuse(graph, randomWeights(graph, 5)).graph;
        expect(graphToJson(fusedForm(graph))).toEqual(graphToJson(fused));
      }),
      runs,
    );
  });

  it('is measured region by region within the gate', async () => {
    await fc.assert(
      fc.asyncProperty(blockNetworks, async (network) => {
        const graph = buildNetwork(network);
        const weights = randomWeights(graph, 4);
        const proof = await prove({ graph, weights }, fuse(graph, weights), { probes: 1 });
        for (const { maxRelError } of proof.regions) expect(maxRelError).toBeLessThan(1e-5);
      }),
      { ...runs, numRuns: 30 },
    );
  });
});
