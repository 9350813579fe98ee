import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, evaluate, tensorsOf } from '@refold/graph';
import { fuse } from '@refold/reparam';
import { readReferenceNetwork, relativeError } from '@refold/testing';
import { repvggGraph } from './repvgg-graph.js';
import { repvggVariants, type RepvggSpec } from './repvgg-spec.js';
import { repvggplusTrainingOnly, repvggplusWeightName } from './repvggplus-weight-name.js';

const fixture = path.join(import.meta.dirname, '../src/spec-kit/repvggplus-tiny.safetensors');

/** The network of the fixture. */
const tiny: RepvggSpec = {
  ...repvggVariants['repvggplus_l2pse']!,
  depths: [1, 1, 4, 1],
  widths: [4, 4, 4, 8],
  stem: 4,
};
const graphOf = (spec: RepvggSpec, numClasses: number, height: number, width: number) =>
  repvggGraph(spec, { numClasses, sample: { channels: 3, height, width } });

describe('RepVGGplus', () => {
  it('L2pse counts as in PyTorch without its auxiliary classifiers', () => {
    const counts = count(graphOf(repvggVariants['repvggplus_l2pse']!, 1000, 320, 320));
    const { parameters, buffers, tensors, macs } = counts;
    // Printed by `e2e/python/block_fixtures.py --counts`.
    const facts = [140_099_224, 134_976, 846, 74_444_085_248];
    expect([parameters, buffers, tensors, macs]).toEqual(facts);
    // What the train form counts there, less its classifiers: 3×3, BN and linear layer each.
    const auxiliary = [160, 320, 640].map((c) => 9 * c * c + 2 * c + 1000 * (c + 1));
    expect(parameters).toBe(146_062_864 - auxiliary.reduce((sum, n) => sum + n, 0));
  });

  it("has the authors' tensors, and computes PyTorch's logits within 1e-5, fused within 1e-5", () => {
    const graph = graphOf(tiny, 5, 20, 24);
    const translate = repvggplusWeightName(tiny.depths);
    const { weights, input, logits } = readReferenceNetwork(fixture, translate);
    expect([...weights.keys()].toSorted()).toEqual(
      tensorsOf(graph)
        .map(({ name }) => name)
        .toSorted(),
    );
    const train = evaluate(graph, weights, input).get(graph.output)!;
    expect(relativeError(train.data, logits.data)).toBeLessThan(1e-5);
    const fused = fuse(graph, weights);
    expect(fused.report.left).toEqual([]);
    expect(fused.report.regions.map(({ name }) => name)).toContain('stages.2.3.reparam_conv');
    expect(fused.report.regions).toHaveLength(8);
    const shipped = evaluate(fused.graph, fused.weights, input).get(graph.output)!;
    expect(relativeError(shipped.data, logits.data)).toBeLessThan(1e-5);
  });

  it('has no names for the weights of the auxiliary classifiers', () => {
    const translate = repvggplusWeightName([8, 14, 24, 1]);
    for (const prefix of repvggplusTrainingOnly) {
      expect(translate(`${prefix}0.conv.weight`)).toBeUndefined();
      expect(translate(`${prefix}3.bias`)).toBeUndefined();
    }
  });
});
