import { describe, expect, it } from '@jest/globals';
import { collectProviders, Model, namesOf } from '@refold/core';
import { createProvided, describeModel } from '@refold/testing';
import plugin from './index.js';

/** The model that a section of the configuration asks for. */
const modelOf = ({ use, ...options }: { use: string; [key: string]: unknown }) =>
  createProvided(plugin, Model, { use, options });

const small = [[{ hidden: 8, out: 12 }], [{ hidden: 16, out: 12, squeezeExcite: 0.5, stride: 2 }]];
for (const use of ['repghostnet_050', 'repghostnet_200'])
  describeModel(use, () => modelOf({ use }));
describeModel('repghostnet of one', () => modelOf({ use: 'repghostnet', stages: small }));

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-repghost', () => {
  it("offers timm's widths and one of your own", () => {
    expect(
      collectProviders([plugin], () => ({}))
        .flatMap(namesOf)
        .sort(),
    ).toEqual([
      'repghostnet',
      ...['050', '058', '080', '100', '111', '130', '150', '200'].map((n) => `repghostnet_${n}`),
    ]);
  });

  it('builds the same network from a name and from a width', async () => {
    const named = await modelOf({ use: 'repghostnet_058' });
    const own = await modelOf({ use: 'repghostnet', width: 0.58 });
    expect(own.build(context)).toEqual(named.build(context));
  });

  it('drops out as the authors do, or as it is told', async () => {
    const rateOf = async (options: object) =>
      (await modelOf({ use: 'repghostnet_050', ...options }))
        .build(context)
        .nodes.find(({ op }) => op === 'dropout')?.attrs;
    expect(await rateOf({})).toEqual({ rate: 0.2 });
    expect(await rateOf({ dropRate: 0 })).toBeUndefined();
  });

  it.each([
    ['an even kernel', { stages: [[{ kernel: 4, hidden: 8, out: 8 }]] }],
    ['a stage without blocks', { stages: [[]] }],
    ['a width of nothing', { width: 0 }],
  ])('refuses %s', async (_what, section) => {
    await expect(modelOf({ use: 'repghostnet', ...section })).rejects.toMatchObject({
      name: 'ZodError',
    });
  });
});
