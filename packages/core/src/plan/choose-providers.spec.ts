import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { resolveConfig } from '../config/resolve-config.js';
import { definePlugin } from '../plugin/plugin.js';
import { Device } from '../points/device.js';
import { chooseProviders } from './choose-providers.js';

const device = (name: string, preference: number, usable = true) =>
  definePlugin({
    name: `device-${name}`,
    apiVersion: 1,
    setup({ provide }) {
      provide(Device, {
        ...{ use: [name], preference, options: z.strictObject({ threads: z.int().optional() }) },
        probe: () => Promise.resolve({ usable, reason: usable ? 'there' : 'not there' }),
        create: () => ({}) as never,
      });
    },
  });

const wrapper = (isActive: boolean, usable = true) =>
  definePlugin({
    name: 'device-many',
    apiVersion: 1,
    setup({ provide }) {
      provide(Device, {
        ...{ use: ['many'], options: z.strictObject({ timeoutMs: z.int().default(5) }) },
        wraps: () => isActive,
        probe: () => Promise.resolve({ usable, reason: 'no MPI' }),
        create: () => ({}) as never,
      });
    },
  });

const plain = [device('fast', 9), device('slow', 1)];

async function chosen(section: object, many = wrapper(false)) {
  const config = resolveConfig({ object: { device: section }, plugins: [...plain, many] });
  const [one] = (await chooseProviders(config)).chosen;
  const { use, options, inner } = one!;
  return { use, options, ...(inner && { inner: inner.use, innerOptions: inner.options }) };
}

describe('a device that wraps another', () => {
  it('is not taken by itself', async () => {
    expect(await chosen({})).toEqual({ use: 'fast', options: {} });
  });

  it('wraps the fastest where it is named', async () => {
    expect(await chosen({ use: 'many', timeoutMs: 7 })).toEqual({
      ...{ use: 'many', options: { timeoutMs: 7 }, inner: 'fast', innerOptions: {} },
    });
  });

  it('wraps the one that is named as its inner, with its options', async () => {
    expect(await chosen({ use: 'many', inner: 'slow', threads: 2 })).toEqual({
      ...{ use: 'many', options: { timeoutMs: 5 }, inner: 'slow', innerOptions: { threads: 2 } },
    });
  });

  it('wraps the device that is used where it says so', async () => {
    expect(await chosen({ use: 'slow' }, wrapper(true))).toEqual({
      ...{ use: 'many', options: { timeoutMs: 5 }, inner: 'slow', innerOptions: {} },
    });
  });

  it('is refused with its reason where it does not work', async () => {
    await expect(chosen({ use: 'many' }, wrapper(false, false))).rejects.toMatchObject({
      code: 'RF-PLAN-DEVICE-UNUSABLE',
      message: expect.stringContaining('no MPI') as unknown,
    });
  });
});
