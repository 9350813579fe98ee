import { describe, expect, it } from '@jest/globals';
import { collectProviders, Model, namesOf } from '@refold/core';
import { createProvided, describeModel } from '@refold/testing';
import plugin from './index.js';

/** The model that a section of the configuration asks for. */
const modelOf = ({ use, ...options }: { use: string; [key: string]: unknown }) =>
  createProvided(plugin, Model, { use, options });

for (const use of ['mobileone_s0', 'mobileone_s4']) describeModel(use, () => modelOf({ use }));

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-mobileone', () => {
  it('offers S0 to S4 and one of your own', () => {
    expect(
      collectProviders([plugin], () => ({}))
        .flatMap(namesOf)
        .sort(),
    ).toEqual(['mobileone', ...[0, 1, 2, 3, 4].map((n) => `mobileone_s${n}`)]);
  });

  it('builds the same network from a name and from widths', async () => {
    const named = await modelOf({ use: 'mobileone_s4' });
    const own = await modelOf({
      use: 'mobileone',
      depths: [2, 8, 10, 1],
      widths: [192, 448, 896, 2048],
      stem: 64,
      squeezeExcite: [0, 0, 5, 1],
    });
    expect(own.build(context)).toEqual(named.build(context));
  });

  it('refuses fewer widths than depths', async () => {
    const section = { use: 'mobileone', depths: [1, 1], widths: [16] };
    await expect(modelOf(section)).rejects.toMatchObject({ name: 'ZodError' });
  });
});
