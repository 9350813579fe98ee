import { describe, expect, it } from '@jest/globals';
import { definePlugin, Optimizer } from '@refold/core';
import { z } from 'zod';
import { createProvided } from './create-provided.js';

const plugin = definePlugin({
  name: 'two',
  apiVersion: 1,
  setup({ provide }) {
    provide(Optimizer, {
      use: ['first', 'second'],
      options: z.strictObject({ factor: z.number().default(2) }),
      create: ({ use, options: { factor } }) => ({
        name: `${use} × ${factor}`,
        rule: () => ({ name: use, slots: [], hyper: {}, assignments: [] }),
      }),
    });
  },
});

describe('createProvided', () => {
  it.each([
    [{}, 'first × 2'],
    [{ use: 'second', options: { factor: 3 } }, 'second × 3'],
  ])('%j makes what the pipeline would', async (given, name) => {
    expect((await createProvided(plugin, Optimizer, given)).name).toBe(name);
  });

  it('checks options, and says what is not provided', async () => {
    const wrong = createProvided(plugin, Optimizer, { options: { factors: 1 } });
    await expect(wrong).rejects.toMatchObject({ name: 'ZodError' });
    const absent = createProvided(plugin, Optimizer, { use: 'third' });
    await expect(absent).rejects.toThrow("two provides no Optimizer 'third'");
  });
});
