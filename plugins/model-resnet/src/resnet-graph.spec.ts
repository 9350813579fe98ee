import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, evaluate, initialise, tensorsOf } from '@refold/graph';
import { fuse, fusedForm } from '@refold/reparam';
import { readReferenceNetwork, relativeError, type ReferenceNetwork } from '@refold/testing';
import { resnetGraph } from './resnet-graph.js';
import { resnetVariants, type ResnetSpec } from './resnet-spec.js';
import { resnetWeightNames, resnetWeightValues } from './weight-names.js';

const fixtures = path.join(import.meta.dirname, '../src/spec-kit');
const graphOf = (spec: ResnetSpec, numClasses: number, height: number, width: number) =>
  resnetGraph(spec, { numClasses, sample: { channels: 3, height, width } });

/** The networks of the fixtures. */
const two: ResnetSpec = {
  ...resnetVariants['resnet18']!,
  depths: [1, 1],
  widths: [4, 8],
  stem: 4,
};
const tiny: Readonly<Record<string, ResnetSpec>> = {
  'timm-tiny': { ...two, depths: [1, 1, 1, 1], widths: [4, 4, 4, 8] },
  'base-tiny': two,
  'acb-tiny': { ...two, block: 'acnet' },
  'dbb-tiny': { ...two, block: 'dbb' },
  'dbb-bottleneck-tiny': { ...two, block: 'dbb', bottleneck: true, widths: [4, 4] },
};

function reference(name: string): ReferenceNetwork {
  const file = path.join(fixtures, `${name}.safetensors`);
  if (name === 'timm-tiny') return readReferenceNetwork(file, resnetWeightNames.torchvision);
  return readReferenceNetwork(file, resnetWeightNames.official, resnetWeightValues.official);
}

/** Ops of a ResNet in which every convolution with BN is one convolution; `shortcuts` of its blocks have one too. */
function plainOps(residuals: number, shortcuts: number, bottleneck: boolean): readonly string[] {
  const convolutions = bottleneck ? 3 : 2;
  const ops = ['input', 'conv2d', 'relu', 'max_pool', 'global_avg_pool', 'flatten', 'linear'];
  ops.push(...Array<string>(residuals * convolutions + shortcuts).fill('conv2d'));
  ops.push(...Array<string>(residuals * convolutions).fill('relu'));
  ops.push(...Array<string>(residuals).fill('add'));
  return ops.toSorted();
}

describe('resnetGraph', () => {
  // Printed by `e2e/python/block_fixtures.py --counts`: parameters, BN statistics, tensors, multiply-adds at 224×224;
  // the plain rows are those of timm's own networks too. By hand: ResNet-18 has 16 3×3 convolutions (i → o) with
  // Σ io = 1,220,608, Σ o = 3,840, Σ i = 3,392 and Σ i² = 1,134,592. Each gains 6io + 4o parameters as ACNet (two
  // narrow kernels and their BNs), and 11io + i² + 2i + 8o as DBB.
  it.each([
    ['resnet18', [11_689_512, 9_600, 102, 1_814_073_344]],
    ['resnet50', [25_557_032, 53_120, 267, 4_089_184_256]],
    ['acnet_resnet18', [11_689_512 + 7_339_008, 24_960, 262, 2_931_593_216]],
    ['acnet_resnet50', [33_116_968, 68_224, 427, 5_322_309_632]],
    ['dbb_resnet18', [11_689_512 + 14_598_784, 47_104, 486, 4_239_282_176]],
    ['dbb_resnet50', [40_684_456, 90_880, 651, 6_930_661_376]],
  ])('%s counts as in PyTorch', (name, facts) => {
    const counts = count(graphOf(resnetVariants[name]!, 1000, 224, 224));
    expect([counts.parameters, counts.buffers, counts.tensors, counts.macs]).toEqual(facts);
  });

  // Fused, a convolution has a bias where its BN had weight and bias: half of a plain network's BN parameters go.
  it.each([
    [18, { parameters: 11_689_512 - 4_800, buffers: 0, tensors: 42, macs: 1_814_073_344 }],
    [50, { parameters: 25_557_032 - 26_560, buffers: 0, tensors: 108, macs: 4_089_184_256 }],
  ])('all kinds of ResNet-%i become the same plain network when fused', (layers, facts) => {
    const fused = ['', 'acnet_', 'dbb_'].map((kind) =>
      fusedForm(graphOf(resnetVariants[`${kind}resnet${layers}`]!, 1000, 224, 224)),
    );
    expect(count(fused[0]!)).toMatchObject(facts);
    expect(fused[1]).toEqual(fused[0]);
    expect(fused[2]).toEqual(fused[0]);
  });

  describe.each(Object.entries(tiny))('as %s', (name, spec) => {
    const graph = graphOf(spec, 5, 20, 24);
    const { weights, input, logits } = reference(name);

    it("has the authors' tensors", () => {
      const shapes = (tensors: Iterable<readonly [string, { shape: readonly number[] }]>) =>
        Object.fromEntries(Array.from(tensors, ([key, { shape }]) => [key, [...shape]]));
      const ours = tensorsOf(graph).map((tensor) => [tensor.name, tensor] as const);
      expect(shapes(weights)).toEqual(shapes(ours));
    });

    it("computes PyTorch's logits within 1e-5", () => {
      const ours = evaluate(graph, weights, input).get(graph.output)!;
      expect(relativeError(ours.data, logits.data)).toBeLessThan(1e-5);
    });

    it('fuses to one convolution for each with BN, which computes them too', () => {
      const fused = fuse(graph, weights);
      const stages = spec.depths.length;
      const ops = plainOps(stages, spec.bottleneck ? stages : stages - 1, spec.bottleneck);
      expect(fused.graph.nodes.map(({ op }) => op).toSorted()).toEqual(ops);
      const left = fused.report.left.map(({ name: node }) => node);
      expect(left).toEqual(spec.depths.map((_, stage) => `layer${stage + 1}.0.sum`));
      const ours = evaluate(fused.graph, fused.weights, input).get(fused.graph.output)!;
      expect(relativeError(ours.data, logits.data)).toBeLessThan(1e-5);
    });
  });

  it('starts the inner 1×1 of a DBB as the identity', () => {
    const graph = graphOf({ ...two, block: 'dbb' }, 5, 20, 24);
    const { data } = initialise(graph, 1).get('layer2.0.conv1.dbb_1x1_kxk.idconv1.weight')!;
    expect([...data.keys()].filter((i) => data[i] === 1)).toEqual([0, 5, 10, 15]);
    expect([...data.keys()].filter((i) => data[i] !== 0)).toHaveLength(4);
  });

  it('takes bytes and normalises them where it is told how', () => {
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
    const sample = { channels: 3, height: 32, width: 32 };
    const { nodes } = resnetGraph(two, { numClasses: 10, sample, normalization });
    expect(nodes[0]?.attrs).toMatchObject({ dtype: 'uint8' });
    expect(nodes[1]).toMatchObject({ op: 'normalize', attrs: normalization });
  });
});

describe('resnetWeightNames', () => {
  const { official, officialFused } = resnetWeightNames;

  it.each([
    'stage0.conv1.se.weight',
    'stage1.0.conv1.dbb_other.weight',
    'stage2.0.shortcut.square_conv.weight',
    'layer1.0.conv1.weight',
  ])('official knows no %s', (name) => expect(official(name)).toBeUndefined());

  it.each([
    ['conv1.bn.bias', 'bn1.bias'],
    ['stage2.block3.conv2.acb.hor_conv.weight', 'layer2.3.conv2.hor_conv.weight'],
    ['stage2.block3.conv3.bn.running_var', 'layer2.3.bn3.running_var'],
    ['stage2.projection.conv.weight', 'layer2.0.downsample.0.weight'],
    ['fc.weight', 'fc.weight'],
    ['stage1.0.conv1.conv.weight', undefined],
  ])('acnet %s', (name, ours) => expect(resnetWeightNames.acnet(name)).toBe(ours));

  it.each([
    ['plain', ''],
    ['acnet', 'fused_conv.'],
    ['dbb', 'dbb_reparam.'],
  ] as const)("translates the authors' fused names of %s to the fused graph's", (block, inner) => {
    const fused = fusedForm(graphOf({ ...two, block }, 5, 20, 24));
    const wide = ['stage1.0.conv1', 'stage1.0.conv2', 'stage2.0.conv1', 'stage2.0.conv2'];
    const foreign = [
      ...['stage0.conv1.conv.', 'stage2.0.shortcut.conv.', 'linear.'],
      ...wide.map((name) => `${name}.${inner || 'conv.'}`),
    ].flatMap((name) => [`${name}weight`, `${name}bias`]);
    const ours = tensorsOf(fused).map(({ name }) => name);
    expect(foreign.map(officialFused).toSorted()).toEqual(ours.toSorted());
  });
});
