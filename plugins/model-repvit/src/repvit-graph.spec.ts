import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, tensorsOf } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import { sharedFolder } from '@refold/testing';
import { repvitGraph } from './repvit-graph.js';
import { repvitVariants } from './repvit-spec.js';
import { officialWeightNames } from './weight-names.js';

const shared = sharedFolder();
const graphOf = (name: string, side = 224) =>
  repvitGraph(repvitVariants[name]!, {
    numClasses: 1000,
    sample: { channels: 3, height: side, width: side },
  });

describe('repvitGraph', () => {
  const inShared = shared ? it : it.skip;
  inShared('counts as every RepViT of model-facts.json (skipped where shared/ is missing)', () => {
    const text = readFileSync(path.join(shared!, 'facts', 'model-facts.json'), 'utf8');
    const facts = JSON.parse(text) as Record<string, Record<string, number>>;
    const rows = Object.entries(facts).filter(([name]) => name.startsWith('repvit'));
    expect(rows).toHaveLength(2);
    for (const [name, row] of rows) {
      const graph = graphOf(name, row['resolution']);
      const [train, fused] = [count(graph), count(fusedForm(graph))];
      expect({ name, ...train }).toMatchObject({
        name,
        parameters: row['train_params'],
        buffers: row['train_bn_buffers'],
        // PyTorch keeps a num_batches_tracked per BN.
        tensors: row['train_tensors']! - train.batchNorms,
        macs: row['train_macs'],
      });
      expect({ name, ...fused }).toMatchObject({
        name,
        parameters: row['fused_params'],
        tensors: row['fused_tensors'],
        batchNorms: 0,
        macs: row['fused_macs'],
      });
    }
  });

  it('squeezes and excites every other block, and none before a downsampling', () => {
    const names = graphOf('repvit_m1_5').nodes.map(({ name }) => name);
    const excited = names.flatMap((name) => /^(.*)\.se\.mul$/.exec(name)?.[1] ?? []);
    expect(excited.filter((name) => name.startsWith('stages.1'))).toEqual([
      'stages.1.blocks.0',
      'stages.1.blocks.2',
    ]);
    expect(excited).toHaveLength(2 + 2 + 12 + 2);
  });

  it('halves before the last BN in the legacy form', () => {
    const names = tensorsOf(graphOf('repvit_m1')).map(({ name }) => name);
    const mixer = names.filter((name) => name.startsWith('stages.0.blocks.1.token_mixer.'));
    expect(mixer).toContain('stages.0.blocks.1.token_mixer.conv1.bn.running_mean');
    expect(mixer).not.toContain('stages.0.blocks.1.token_mixer.bn.weight');
  });
});

describe('officialWeightNames', () => {
  const file = path.join(import.meta.dirname, '..', 'fixtures', 'official-names.json');
  const { modules } = JSON.parse(readFileSync(file, 'utf8')) as { modules: string[] };

  it("maps every module of the authors' M0.6 to one of ours, in order but for the heads' names", () => {
    const translate = officialWeightNames(repvitVariants['repvit_m0_6']!);
    const ours = tensorsOf(graphOf('repvit_m0_6')).flatMap(({ name }) =>
      name.endsWith('.weight') ? [name] : [],
    );
    expect(modules.map((module) => translate(`${module}.weight`))).toEqual(ours);
  });

  it.each([
    ['features.0.2.bn.running_var', 'stem.conv2.bn.running_var'],
    ['features.1.token_mixer.0.conv1.bias', 'stages.0.blocks.0.token_mixer.conv1.bias'],
    ['features.1.token_mixer.1.fc1.weight', 'stages.0.blocks.0.se.fc1.weight'],
    ['features.3.token_mixer.0.bn.weight', 'stages.1.downsample.pre_block.token_mixer.bn.weight'],
    ['features.4.token_mixer.0.c.weight', 'stages.1.downsample.spatial_downsample.c.weight'],
    ['features.4.token_mixer.2.bn.bias', 'stages.1.downsample.channel_downsample.bn.bias'],
    ['features.4.channel_mixer.m.2.bn.bias', 'stages.1.downsample.ffn.conv2.bn.bias'],
    ['features.5.channel_mixer.m.0.c.weight', 'stages.1.blocks.0.channel_mixer.conv1.c.weight'],
    ['classifier.classifier.l.bias', 'head.head.l.bias'],
    ['classifier.classifier_dist.bn.weight', 'head.head_dist.bn.weight'],
    ['features.99.token_mixer.0.c.weight', undefined],
    ['features.5.token_mixer.2.c.weight', undefined],
    ['stem.conv1.c.weight', undefined],
  ])('maps %s', (name, ours) => {
    expect(officialWeightNames({ depths: [2, 2, 14, 2] })(name)).toBe(ours);
  });
});
