import { describe, expect, it } from '@jest/globals';
import { collectProviders, Model, namesOf } from '@refold/core';
import { tensorsOf } from '@refold/graph';
import { createProvided, describeModel } from '@refold/testing';
import plugin from './index.js';

/** The model that a section of the configuration asks for. */
const modelOf = ({ use, ...options }: { use: string; [key: string]: unknown }) =>
  createProvided(plugin, Model, { use, options });

for (const use of ['repvgg_a0', 'repvgg_b1g4', 'repvgg_d2se']) {
  describeModel(use, () => modelOf({ use }));
}
describeModel('repvgg_a0 of QARepVGG', () => modelOf({ use: 'repvgg_a0', block: 'qarepvgg' }), {
  foreignNames: {
    official: ['stage0.rbr_1x1.weight', 'stage0.bn.running_var', 'stage1.1.rbr_dense.bn.bias'],
  },
});
describeModel('repvggplus_l2pse', () => modelOf({ use: 'repvggplus_l2pse' }), {
  foreignNames: {
    official: [
      'stage0.post_se.up.bias',
      'stage1.blocks.7.rbr_identity.weight',
      'stage3_first.blocks.11.rbr_dense.conv.weight',
      'stage3_second.blocks.11.rbr_dense.conv.weight',
      'linear.bias',
    ],
  },
});
describeModel('repvgg of one', () => modelOf({ use: 'repvgg', depths: [1, 2], widths: [8, 16] }));

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-repvgg', () => {
  it('offers every published variant and one of your own', () => {
    expect(
      collectProviders([plugin], () => ({}))
        .flatMap(namesOf)
        .sort(),
    ).toEqual(
      [
        ...['repvgg', 'repvgg_a0', 'repvgg_a1', 'repvgg_a2', 'repvgg_b0'],
        ...['repvgg_b1', 'repvgg_b1g2', 'repvgg_b1g4', 'repvgg_b2', 'repvgg_b2g2', 'repvgg_b2g4'],
        ...['repvgg_b3', 'repvgg_b3g2', 'repvgg_b3g4', 'repvgg_d2se'],
        'repvggplus_l2pse',
      ].sort(),
    );
  });

  it('builds the same network from a name, from widths and from multipliers', async () => {
    const named = await modelOf({ use: 'repvgg_a0' });
    const depths = [2, 4, 14, 1];
    const wide = await modelOf({ use: 'repvgg', depths, widths: [48, 96, 192, 1280] });
    const multiplied = await modelOf({ use: 'repvgg', depths, a: 0.75, b: 2.5 });
    expect(named.name).toBe('repvgg_a0');
    expect(wide.build(context)).toEqual(named.build(context));
    expect(multiplied.build(context)).toEqual(named.build(context));
  });

  it.each([
    ['repvgg', 'normal'],
    ['qarepvgg', 'constant'],
  ])('starts BNs as a %s block was published', async (block, kind) => {
    for (const section of [{ use: 'repvgg_a0' }, { use: 'repvgg', depths: [1], widths: [8] }]) {
      const graph = (await modelOf({ ...section, block })).build(context);
      const bn = tensorsOf(graph).find(({ name }) => name === 'stem.conv_kxk.bn.weight');
      expect(bn?.init.kind).toBe(kind);
    }
  });

  it('drops out before the classifier when asked to', async () => {
    const { nodes } = (await modelOf({ use: 'repvgg_a0', dropRate: 0.2 })).build(context);
    expect(nodes.at(-2)).toMatchObject({ name: 'head.drop', op: 'dropout', attrs: { rate: 0.2 } });
  });

  it.each([
    ['fewer widths than depths', { depths: [1, 1], widths: [16] }],
    ['neither widths nor multipliers', { depths: [1, 1, 1, 1] }],
    ['both', { depths: [1], widths: [16], a: 1 }],
    ['one multiplier', { depths: [1, 1, 1, 1], a: 1 }],
    ['multipliers for other than four stages', { depths: [1], a: 1, b: 1 }],
    [
      'squeeze-excite twice',
      { depths: [1], widths: [16], squeezeExcite: true, postSqueezeExcite: true },
    ],
    ['an unknown kind of block', { depths: [1], widths: [16], block: 'repblock' }],
    ['an unknown key', { depths: [1], widths: [16], width: 16 }],
  ])('refuses %s', async (_what, section) => {
    await expect(modelOf({ use: 'repvgg', ...section })).rejects.toMatchObject({
      name: 'ZodError',
    });
  });
});
