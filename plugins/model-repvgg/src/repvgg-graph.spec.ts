import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, tensorsOf } from '@refold/graph';
import { sharedFolder } from '@refold/testing';
import { repvggGraph } from './repvgg-graph.js';
import { repvggVariants, type RepvggSpec } from './repvgg-spec.js';
import { repvggWeightNames } from './weight-names.js';

const shared = sharedFolder();
const graphOf = (spec: RepvggSpec, side: number, numClasses = 1000) =>
  repvggGraph(spec, { numClasses, sample: { channels: 3, height: side, width: side } });

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

    it.each([
      ['repvgg-tiny', 1],
      ['repvgg-tiny-g2', 2],
    ])('has the names and shapes of timm in %s', (name, groups) => {
      const widths = [16, 32, 64, 128];
      const rest = { stem: 16, groups, squeezeExcite: false, dropRate: 0 };
      const graph = graphOf({ depths: [1, 2, 2, 1], widths, ...rest }, 64, 10);
      const ours = new Map(tensorsOf(graph).map((tensor) => [tensor.name, [...tensor.shape]]));
      expect(ours).toEqual(initialShapes(path.join(shared!, 'parity', `${name}.safetensors`)));
    });
  });
});

/** Shapes of the `init.*` tensors, from the header of a safetensors file. */
function initialShapes(file: string): Map<string, number[]> {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { shape: number[] }
  >;
  const entries = Object.entries(header).filter(([key]) => key.startsWith('init.'));
  return new Map(
    entries
      .map(([key, { shape }]): [string, number[]] => [key.slice('init.'.length), shape])
      .filter(([key]) => !key.endsWith('num_batches_tracked')),
  );
}

describe('repvggWeightNames', () => {
  const { official, mindcv, mmpretrain } = repvggWeightNames;

  it.each([
    ['stage0.rbr_dense.conv.weight', 'stem.conv_kxk.conv.weight'],
    ['stage2.3.rbr_1x1.bn.running_var', 'stages.1.3.conv_1x1.bn.running_var'],
    ['stage1.1.rbr_identity.weight', 'stages.0.1.identity.weight'],
    ['linear.bias', 'head.fc.bias'],
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
