import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, tensorsOf } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import { sharedFolder } from '@refold/testing';
import { fastvitGraph } from './fastvit-graph.js';
import { fastvitVariants, type FastvitSpec } from './fastvit-spec.js';
import { appleWeightName, timmWeightName } from './weight-names.js';

const shared = sharedFolder();
const graphOf = (spec: FastvitSpec, side = 224) =>
  fastvitGraph(spec, {
    numClasses: 1000,
    sample: { channels: 3, height: side, width: side },
  });

describe('fastvitGraph', () => {
  const inShared = shared ? it : it.skip;
  inShared('counts as every FastViT of model-facts.json (skipped where shared/ is missing)', () => {
    const text = readFileSync(path.join(shared!, 'facts', 'model-facts.json'), 'utf8');
    const facts = JSON.parse(text) as Record<string, Record<string, number>>;
    const rows = Object.entries(facts).filter(([name]) => name.startsWith('fastvit'));
    expect(rows).toHaveLength(2);
    for (const [name, row] of rows) {
      const spec = fastvitVariants[name]!;
      const graph = graphOf(spec, row['resolution']);
      const [train, fused] = [count(graph), count(fusedForm(graph))];
      expect({ name, ...train }).toMatchObject({
        name,
        parameters: row['train_params'],
        buffers: row['train_bn_buffers'],
        // PyTorch keeps a num_batches_tracked per BN.
        tensors: row['train_tensors']! - train.batchNorms,
        macs: row['train_macs'],
      });
      // timm leaves two things in every block: the BN of the 7×7, of two parameters per channel, which is a bias
      // here; and the layer scale, which the last convolution takes in.
      const channels = spec.depths.reduce((sum, depth, i) => sum + depth * spec.widths[i]!, 0);
      const blocks = spec.depths.reduce((sum, depth) => sum + depth, 0);
      expect({ name, ...fused }).toMatchObject({
        name,
        parameters: row['fused_params']! - 2 * channels,
        tensors: row['fused_tensors']! - 5 * blocks,
        batchNorms: 0,
        macs: row['fused_macs'],
      });
    }
  });

  it('starts layer scales small, so that blocks start as the identity', () => {
    const scales = tensorsOf(graphOf(fastvitVariants['fastvit_t8']!)).filter(({ name }) =>
      name.endsWith('layer_scale.weight'),
    );
    expect(scales).toHaveLength(20);
    for (const { init } of scales) expect(init).toEqual({ kind: 'constant', value: 1e-5 });
  });
});

describe('weight names', () => {
  const file = path.join(import.meta.dirname, '..', 'fixtures', 'apple-names.json');
  const { names } = JSON.parse(readFileSync(file, 'utf8')) as { names: Record<string, string> };
  const spec = { ...fastvitVariants['fastvit_t8']!, depths: [1, 2], widths: [8, 16] };

  it("maps every weight of Apple's code to ours, as timm does", () => {
    const ours = tensorsOf(graphOf(spec)).flatMap(({ name }) =>
      name.endsWith('.weight') ? [name] : [],
    );
    const apple = Object.keys(names);
    expect(apple.map((name) => appleWeightName(name))).toEqual(
      Object.values(names).map((name) => timmWeightName(name)),
    );
    expect(apple.map((name) => appleWeightName(name)).sort()).toEqual(ours.sort());
  });

  it.each([
    ['patch_embed.2.rbr_skip.running_var', 'stem.2.identity.running_var'],
    [
      'network.0.1.token_mixer.mixer.rbr_conv.0.bn.bias',
      'stages.0.blocks.1.token_mixer.mixer.conv_kxk.0.bn.bias',
    ],
    ['network.0.1.token_mixer.layer_scale', 'stages.0.blocks.1.token_mixer.layer_scale.weight'],
    ['network.1.proj.0.lkb_origin.bn.bias', 'stages.1.downsample.proj.0.large_conv.bn.bias'],
    ['network.6.0.convffn.fc2.bias', 'stages.3.blocks.0.mlp.fc2.bias'],
    ['conv_exp.se.expand.bias', 'final_conv.se.fc2.bias'],
    ['head.bias', 'head.fc.bias'],
    ['gap.weight', undefined],
  ])('maps Apple’s %s', (name, ours) => expect(appleWeightName(name)).toBe(ours));

  it.each([
    ['stages.2.blocks.3.layer_scale.gamma', 'stages.2.blocks.3.layer_scale.weight'],
    ['stages.2.blocks.3.mlp.fc1.bias', 'stages.2.blocks.3.mlp.fc1.bias'],
    ['other.gamma', undefined],
  ])('maps timm’s %s', (name, ours) => expect(timmWeightName(name)).toBe(ours));
});
