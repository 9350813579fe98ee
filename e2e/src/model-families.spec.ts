import { describe, expect, it } from '@jest/globals';
import { evaluate, tensorsOf, type HostTensor } from '@refold/graph';
import { checkGate, fuse, prove } from '@refold/reparam';
import { relativeError } from '@refold/testing';
import {
  asOurs,
  formulaImages,
  formulaWeights,
  oursOf,
  readTinyFixture,
  tinyNetworks,
} from './spec-kit/model-families.js';

describe.each(tinyNetworks)('a tiny $name', ({ name, graph: graphOf }) => {
  const fixture = readTinyFixture(name);
  const graph = graphOf(32, 10);
  const weights = asOurs(formulaWeights(fixture.tensors), graph);

  it("has timm's tensors in the order of its state dict", () => {
    const ours = tensorsOf(graph).map((spec) => [spec.name, [...spec.shape]] as const);
    const theirs = fixture.tensors.map(
      ([timm, shape]) =>
        [oursOf(timm), timm.endsWith('.gamma') ? shape.slice(0, 1) : shape] as const,
    );
    // FastViT's modules list the squeeze-excite block of the last convolution before what it reads.
    const late = (list: typeof theirs) => [
      ...list.filter(([key]) => !key.startsWith('final_conv.se.')),
      ...list.filter(([key]) => key.startsWith('final_conv.se.')),
    ];
    expect(late(ours)).toEqual(late(theirs));
  });

  it("computes timm's logits to twelve digits", () => {
    const { data } = evaluate(graph, weights, formulaImages).get(graph.output)!;
    expect(relativeError(data, fixture.logits)).toBeLessThan(1e-12);
  });

  it('fuses within the gates and keeps the logits', async () => {
    const rounded = new Map(
      [...weights].map(([key, { shape, data }]): [string, HostTensor] => [
        key,
        { shape, data: Float32Array.from(data) },
      ]),
    );
    const fusion = fuse(graph, rounded);
    checkGate(await prove({ graph, weights: rounded }, fusion));
    expect(fusion.graph.nodes.map(({ op }) => op)).not.toContain('batch_norm');
    const { data } = evaluate(fusion.graph, fusion.weights, formulaImages).get(
      fusion.graph.output,
    )!;
    expect(relativeError(data, fixture.logits)).toBeLessThan(1e-5);
  });
});
