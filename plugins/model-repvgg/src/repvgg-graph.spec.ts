import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, evaluate, tensorsOf } from '@refold/graph';
import { readFloatTensors, relativeError, sharedFolder } from '@refold/testing';
import { repvggGraph } from './repvgg-graph.js';
import { repvggVariants, type RepvggSpec } from './repvgg-spec.js';
import { repvggWeightNames } from './weight-names.js';

const shared = sharedFolder();
const graphOf = (spec: RepvggSpec, side: number, numClasses = 1000) =>
  repvggGraph(spec, { numClasses, sample: { channels: 3, height: side, width: side } });

/** The network of the parity fixtures. */
const tiny: RepvggSpec = {
  depths: [1, 2, 2, 1],
  widths: [16, 32, 64, 128],
  stem: 16,
  groups: 1,
  groupEvery: 2,
  squeezeExcite: false,
  dropRate: 0,
  batchNormInit: 'normal',
};

/** Rows that model-facts.json lacks: timm 1.0.29's ByobNet with these widths and two groups, counted in PyTorch. */
const measured: Readonly<Record<string, readonly [number, number, number, number]>> = {
  repvgg_b1g2: [45_782_376, 68_096, 453, 9_788_375_040],
  repvgg_b2g2: [70_846_376, 85_056, 453, 15_199_866_880],
  repvgg_b3g2: [96_911_848, 99_968, 453, 21_606_338_560],
};

describe('repvggGraph', () => {
  it.each(Object.entries(measured))('%s counts as in PyTorch', (name, facts) => {
    const counts = count(graphOf(repvggVariants[name]!, 224));
    const { parameters, buffers, tensors, batchNorms, macs } = counts;
    expect([parameters, buffers, tensors + batchNorms, macs]).toEqual(facts);
  });

  const inShared = shared ? describe : describe.skip;
  inShared('against shared/ (skipped where that folder is missing)', () => {
    it('counts as every RepVGG of model-facts.json', () => {
      const text = readFileSync(path.join(shared!, 'facts', 'model-facts.json'), 'utf8');
      const facts = JSON.parse(text) as Record<string, Record<string, number>>;
      const rows = Object.entries(facts).filter(([name]) => name.startsWith('repvgg'));
      expect(rows).toHaveLength(11);
      for (const [name, row] of rows) {
        const counts = count(graphOf(repvggVariants[name]!, row['resolution']!));
        expect({ name, ...counts }).toMatchObject({
          name,
          parameters: row['train_params'],
          buffers: row['train_bn_buffers'],
          // PyTorch keeps a num_batches_tracked per BN.
          tensors: row['train_tensors']! - counts.batchNorms,
          macs: row['train_macs'],
        });
      }
    });

    describe.each([
      ['repvgg-tiny', 1],
      ['repvgg-tiny-g2', 2],
    ])('with %s', (name, groups) => {
      const graph = graphOf({ ...tiny, groups }, 64, 10);
      const read = (prefix: string) =>
        readFloatTensors(path.join(shared!, 'parity', `${name}.safetensors`), prefix);

      it('has the names and shapes of timm', () => {
        const shapes = (list: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
          new Map(Array.from(list, ([key, { shape }]) => [key, [...shape]]));
        const ours = tensorsOf(graph).map((spec) => [spec.name, spec] as const);
        expect(shapes(ours)).toEqual(shapes(read('init.')));
      });

      it('computes the logits of timm within 1e-5 relative', () => {
        const [input, logits] = [read('input.0').get('')!, read('eval.logits').get('')!];
        const ours = evaluate(graph, read('init.'), input).get(graph.output)!;
        expect(relativeError(ours.data, logits.data)).toBeLessThan(1e-5);
      });
    });
  });

  it('orders and names the tensors of a block as the state dict of timm', () => {
    const names = tensorsOf(graphOf(tiny, 64)).map(({ name }) => name);
    const block = names.filter((name) => name.startsWith('stages.1.1.'));
    const bn = ['weight', 'bias', 'running_mean', 'running_var'];
    expect(block).toEqual(
      [
        ...bn.map((suffix) => `identity.${suffix}`),
        'conv_kxk.conv.weight',
        ...bn.map((suffix) => `conv_kxk.bn.${suffix}`),
        'conv_1x1.conv.weight',
        ...bn.map((suffix) => `conv_1x1.bn.${suffix}`),
      ].map((name) => `stages.1.1.${name}`),
    );
  });

  it('names every node of a block below the block', () => {
    const graph = graphOf({ ...tiny, squeezeExcite: true }, 64);
    const place = /^(input|head\..+|(stem|stages\.\d+\.\d+)\.[a-z].*)$/;
    for (const { name } of graph.nodes) expect(name).toMatch(place);
    expect(graph.nodes.map(({ name }) => name)).toContain('stages.2.1.sum');
  });

  it('starts BNs as timm does, or at one', () => {
    const initOf = (spec: RepvggSpec) =>
      tensorsOf(graphOf(spec, 64)).find(({ name }) => name === 'stem.conv_1x1.bn.weight')?.init;
    // timm 1.0.29 RepVggBlock.init_weights: normal_(weight, .1, .1); normal_(bias, 0, .1).
    expect(initOf(tiny)).toEqual({ kind: 'normal', mean: 0.1, std: 0.1 });
    expect(initOf({ ...tiny, batchNormInit: 'one' })).toEqual({ kind: 'constant', value: 1 });
  });

  it('takes bytes and normalises them where it is told how', () => {
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
    const sample = { channels: 3, height: 32, width: 32 };
    const { nodes } = repvggGraph(tiny, { numClasses: 10, sample, normalization });
    expect(nodes[0]?.attrs).toMatchObject({ dtype: 'uint8' });
    expect(nodes[1]).toMatchObject({ op: 'normalize', attrs: normalization });
  });
});

describe('repvggWeightNames', () => {
  const { official, mindcv, mmpretrain } = repvggWeightNames;

  it.each([
    ['stage0.rbr_dense.conv.weight', 'stem.conv_kxk.conv.weight'],
    ['stage2.3.rbr_1x1.bn.running_var', 'stages.1.3.conv_1x1.bn.running_var'],
    ['stage1.1.rbr_identity.weight', 'stages.0.1.identity.weight'],
    ['linear.bias', 'head.fc.bias'],
    ['stage2.3.rbr_1x1.weight', 'stages.1.3.conv_1x1.conv.weight'],
    ['stage2.3.bn.running_mean', 'stages.1.3.bn.running_mean'],
    ['stage0.rbr_reparam.bias', 'stem.reparam_conv.bias'],
    ['stage4.0.se.down.weight', 'stages.3.0.attn.fc1.weight'],
    ['stage4.0.se.up.bias', 'stages.3.0.attn.fc2.bias'],
    ['stage1.1.rbr_other.weight', undefined],
  ])('official %s', (name, ours) => expect(official(name)).toBe(ours));

  it.each([
    ['stage0.rbr_dense.0.weight', 'stem.conv_kxk.conv.weight'],
    ['stage2.3.rbr_1x1.1.moving_variance', 'stages.1.3.conv_1x1.bn.running_var'],
    ['stage1.1.rbr_identity.gamma', 'stages.0.1.identity.weight'],
  ])('MindCV %s', (name, ours) => expect(mindcv(name)).toBe(ours));

  it.each([
    ['backbone.stem.branch_3x3.conv.weight', 'stem.conv_kxk.conv.weight'],
    ['backbone.stage_2.3.branch_1x1.norm.weight', 'stages.1.3.conv_1x1.bn.weight'],
    ['backbone.stage_1.1.branch_norm.running_mean', 'stages.0.1.identity.running_mean'],
  ])('mmpretrain %s', (name, ours) => expect(mmpretrain(name)).toBe(ours));
});
