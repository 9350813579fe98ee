import { describe, expect, it } from '@jest/globals';
import { collectProviders, Model, namesOf } from '@refold/core';
import { createProvided, describeModel } from '@refold/testing';
import plugin from './index.js';

/** The model that a section of the configuration asks for. */
const modelOf = ({ use, ...options }: { use: string; [key: string]: unknown }) =>
  createProvided(plugin, Model, { use, options });

for (const use of ['repvit_m0_9', 'repvit_m3']) {
  describeModel(use, () => modelOf({ use }), {
    foreignNames: {
      official: [
        'features.0.2.bn.running_var',
        'features.3.channel_mixer.m.2.c.weight',
        'features.4.token_mixer.2.bn.bias',
        'features.5.token_mixer.1.fc2.bias',
        'classifier.classifier_dist.l.weight',
      ].slice(0, use === 'repvit_m0_9' ? 5 : 2),
    },
  });
}
const small = { use: 'repvit', depths: [1, 2], widths: [8, 24] };
describeModel('repvit of one', () => modelOf({ ...small, distillation: false, dropRate: 0.1 }));

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-repvit', () => {
  it("offers the authors' sizes and one of your own", () => {
    expect(
      collectProviders([plugin], () => ({}))
        .flatMap(namesOf)
        .sort(),
    ).toEqual([
      'repvit',
      ...['m0_6', 'm0_9', 'm1', 'm1_0', 'm1_1', 'm1_5', 'm2', 'm2_3', 'm3'].map(
        (size) => `repvit_${size}`,
      ),
    ]);
  });

  it('builds the same network from a name and from widths', async () => {
    const named = await modelOf({ use: 'repvit_m1_0' });
    const own = await modelOf({
      use: 'repvit',
      depths: [2, 2, 14, 2],
      widths: [56, 112, 224, 448],
    });
    expect(own.build(context)).toEqual(named.build(context));
  });

  it('averages two classifiers, or has one', async () => {
    const two = (await modelOf({ use: 'repvit_m0_9' })).build(context).nodes;
    expect(two.at(-1)).toMatchObject({
      op: 'weighted_sum',
      inputs: ['head.head.l', 'head.head_dist.l'],
      attrs: { factors: [0.5, 0.5] },
    });
    const one = await modelOf({ use: 'repvit_m0_9', distillation: false });
    expect(one.build(context).output).toBe('head.head.l');
  });

  it('starts blocks as the identity: the last BN of a channel mixer at 0', async () => {
    const { nodes } = (await modelOf(small)).build(context);
    const starts = nodes.flatMap(({ op, name, attrs }) =>
      op === 'batch_norm' && attrs.init?.weight.mean === 0 ? [name] : [],
    );
    const mixers = nodes.flatMap(({ name }) => (/\.conv2\.bn$/.test(name) ? [name] : []));
    expect(starts).toEqual(mixers.filter((name) => !name.startsWith('stem')));
    expect(starts).toHaveLength(5);
  });

  it.each([
    ['fewer widths than depths', { depths: [1, 1], widths: [16] }],
    ['an odd first width', { depths: [1], widths: [15] }],
  ])('refuses %s', async (_what, section) => {
    await expect(modelOf({ use: 'repvit', ...section })).rejects.toMatchObject({
      name: 'ZodError',
    });
  });
});
