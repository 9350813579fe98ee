import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, evaluate, initialise, tensorsOf, type NamedTensors } from '@refold/graph';
import { fuse } from '@refold/reparam';
import { readReferenceNetwork, relativeError } from '@refold/testing';
import { repvggGraph } from './repvgg-graph.js';
import { repvggVariants, type RepvggSpec } from './repvgg-spec.js';
import { repvggWeightNames } from './weight-names.js';

const fixture = path.join(import.meta.dirname, '../src/spec-kit/qarepvgg-tiny.safetensors');

/** The network of the fixture. */
const tiny: RepvggSpec = {
  ...repvggVariants['repvgg_a0']!,
  block: 'qarepvgg',
  depths: [2, 1],
  widths: [4, 8],
  stem: 4,
  groups: 2,
};
const graph = repvggGraph(tiny, { numClasses: 5, sample: { channels: 3, height: 20, width: 24 } });

const shapesOf = (tensors: NamedTensors) =>
  Object.fromEntries(Array.from(tensors, ([name, { shape }]) => [name, [...shape]]));

describe('blocks of QARepVGG', () => {
  // Printed by `e2e/python/block_fixtures.py --counts`: parameters, BN statistics, tensors, multiply-adds. By hand from
  // RepVGG-A0's 9,108,968 parameters: the BNs of its 17 identities go, weight and bias of 48 + 3·96 + 13·192 channels;
  // the BNs of the 22 1×1 go, those of the 22 sums come.
  it.each([
    ['repvgg_a0', [9_103_304, 17_984, 222, 1_512_581_120]],
    ['repvgg_b1g4', [39_947_368, 49_408, 282, 8_118_517_760]],
  ])('%s counts as in PyTorch', (name, facts) => {
    const spec: RepvggSpec = { ...repvggVariants[name]!, block: 'qarepvgg' };
    const sample = { channels: 3, height: 224, width: 224 };
    const { parameters, buffers, tensors, macs } = count(
      repvggGraph(spec, { numClasses: 1000, sample }),
    );
    expect([parameters, buffers, tensors, macs]).toEqual(facts);
  });

  it("have the author's tensors, and compute PyTorch's logits within 1e-5, fused within 1e-5", () => {
    const { weights, input, logits } = readReferenceNetwork(fixture, repvggWeightNames.official);
    const ours = new Map(tensorsOf(graph).map((spec) => [spec.name, spec]));
    expect(shapesOf(weights)).toEqual(
      Object.fromEntries([...ours].map(([name, { shape }]) => [name, [...shape]])),
    );
    const train = evaluate(graph, weights, input).get(graph.output)!;
    expect(relativeError(train.data, logits.data)).toBeLessThan(1e-5);
    const fused = fuse(graph, weights);
    const shipped = evaluate(fused.graph, fused.weights, input).get(graph.output)!;
    expect(relativeError(shipped.data, logits.data)).toBeLessThan(1e-5);
  });

  it('fuse to one convolution each, to the very network that RepVGG fuses to', () => {
    const plain = repvggGraph(
      { ...tiny, block: 'repvgg' },
      { numClasses: 5, sample: { channels: 3, height: 20, width: 24 } },
    );
    const [fused, reference] = [graph, plain].map((one) => fuse(one, initialise(one, 1)));
    expect(fused!.graph).toEqual(reference!.graph);
    expect(fused!.report.left).toEqual([]);
    expect(fused!.report.regions).toHaveLength(4);
  });

  it.each(['repvgg', 'qarepvgg'] as const)(
    'put the squeeze-excite where %s fuses to one convolution before it',
    (block) => {
      const spec = { ...tiny, block, squeezeExcite: true };
      const network = repvggGraph(spec, {
        numClasses: 5,
        sample: { channels: 3, height: 20, width: 24 },
      });
      const { report } = fuse(network, initialise(network, 1));
      expect(report.left).toEqual([]);
      expect(report.regions.map(({ name }) => name)).toContain('stages.0.1.reparam_conv');
    },
  );
});
