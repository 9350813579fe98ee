import { describe, expect, it } from '@jest/globals';
import type { Model, Provider, Needs } from '@refold/core';
import plugin from './index.js';

/** What the plugin provides, by the names that choose it. */
function providers(): Map<string, Provider<Model, Needs>> {
  const found = new Map<string, Provider<Model, Needs>>();
  plugin.setup({
    options: {},
    provide: (_point, provider) => {
      for (const use of provider.use ?? [])
        found.set(use, provider as unknown as Provider<Model, Needs>);
    },
  });
  return found;
}

/** The model that a section of the configuration asks for. */
async function modelOf({ use, ...rest }: { use: string; [key: string]: unknown }): Promise<Model> {
  const provider = providers().get(use)!;
  const host = { emit: () => undefined, baseDir: '/', seed: 0 };
  return provider.create({ use, options: provider.options!.parse(rest), host });
}

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-mobileone', () => {
  it('offers S0 to S4 and one of your own', () => {
    expect([...providers().keys()].sort()).toEqual([
      'mobileone',
      ...[0, 1, 2, 3, 4].map((n) => `mobileone_s${n}`),
    ]);
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
