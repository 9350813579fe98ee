import { describe, expect, it } from '@jest/globals';
import { collectProviders, Model, namesOf } from '@refold/core';
import { createProvided, describeModel } from '@refold/testing';
import plugin from './index.js';

/** The model that a section of the configuration asks for. */
const modelOf = ({ use, ...options }: { use: string; [key: string]: unknown }) =>
  createProvided(plugin, Model, { use, options });

const foreignNames = {
  apple: ['patch_embed.1.rbr_scale.bn.bias', 'network.0.0.layer_scale', 'head.weight'],
  timm: ['stem.1.conv_scale.bn.bias', 'stages.0.blocks.0.token_mixer.layer_scale.gamma'],
};
for (const use of ['fastvit_t8', 'fastvit_s12']) {
  describeModel(use, () => modelOf({ use }), { foreignNames });
}
const small = { use: 'fastvit', depths: [1, 2], widths: [8, 24] };
describeModel('fastvit of one', () => modelOf({ ...small, dropRate: 0.1, dropPathRate: 0.2 }));

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-fastvit', () => {
  it('offers the published variants without attention and one of your own', () => {
    expect(
      collectProviders([plugin], () => ({}))
        .flatMap(namesOf)
        .sort(),
    ).toEqual(['fastvit', 'fastvit_s12', 'fastvit_t12', 'fastvit_t8']);
  });

  it('builds the same network from a name and from widths', async () => {
    const named = await modelOf({ use: 'fastvit_s12' });
    const widths = [64, 128, 256, 512];
    const own = await modelOf({ use: 'fastvit', depths: [2, 2, 6, 2], widths, mlpRatio: 4 });
    expect(own.build(context)).toEqual(named.build(context));
  });

  it('drops paths at rates that grow evenly from none', async () => {
    const { nodes } = (await modelOf({ ...small, dropPathRate: 0.2 })).build(context);
    const rates = nodes.flatMap(({ op, name, attrs }) =>
      op === 'drop_path' ? [[name, attrs.rate]] : [],
    );
    expect(rates).toEqual([
      ['stages.1.blocks.0.drop_path', 0.1],
      ['stages.1.blocks.1.drop_path', 0.2],
    ]);
  });

  it.each([
    ['fewer widths than depths', { depths: [1, 1], widths: [16] }],
    ['a width that is no multiple', { depths: [1, 1], widths: [16, 24] }],
  ])('refuses %s', async (_what, section) => {
    await expect(modelOf({ use: 'fastvit', ...section })).rejects.toMatchObject({
      name: 'ZodError',
    });
  });
});
