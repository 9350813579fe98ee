import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { definePlugin, type Plugin } from '../plugin/plugin.js';
import { Device } from '../points/device.js';
import { Model } from '../points/model.js';
import { configKeys } from './config-keys.js';
import { configSchema } from './config-schema.js';
import { explainConfig } from './explain-config.js';
import { parseConfig } from './read-config-file.js';
import { readFlags } from './read-flags.js';
import { resolveConfig } from './resolve-config.js';
import { scenarioPlugins } from './spec-kit/scenario-plugins.js';

const plugins = ['model-repvgg', 'data-imagenet', 'optimizers', 'lr-scaling', 'device-tfjs'].map(
  (name) => scenarioPlugins[name]!,
);
const yaml =
  'model: { use: repvgg_a0 }\ndata:\n  use: imagenet\n  dir: D\noptimizer: { use: sgd }\nrate: { scaling: sqrt }\n';

describe('explainConfig', () => {
  const config = resolveConfig({
    file: parseConfig(yaml, 'configs/x.yaml'),
    flags: readFlags(['--batch-size', '4']),
    plugins,
  });
  const rows = new Map(explainConfig(config).map((row) => [row.path, row]));

  it('says of every value where it came from and what it does', () => {
    expect(rows.get('data.dir')).toEqual({
      path: 'data.dir',
      value: 'D',
      origin: 'configs/x.yaml:4:3',
      description: 'Folder with train/ and val/.',
    });
    expect(rows.get('data.batchSize')).toMatchObject({ value: 4, origin: '--batch-size' });
    expect(rows.get('rate.scaling')).toMatchObject({
      value: 'sqrt',
      origin: 'configs/x.yaml:6:9',
      description: 'How the rate scales.',
    });
    expect(rows.get('data.scale')).toMatchObject({ value: [0.08, 1], origin: 'default' });
    expect(rows.get('plugins')).toMatchObject({ value: plugins.map(({ name }) => name) });
  });

  it("describes every key of core's", () => {
    const core = [...rows.values()].filter(({ path }) =>
      /^(model|loss|device)\.|^[a-zA-Z]+$/.test(path),
    );
    expect(core.length).toBeGreaterThan(10);
    const own = core.filter(
      ({ path }) => !['model.dropRate', 'model.batchNormInit', 'device.threads'].includes(path),
    );
    expect(own.filter(({ description }) => description === '')).toEqual([]);
  });
});

describe('configSchema', () => {
  const schema = configSchema(plugins) as {
    properties: Record<string, { properties?: Record<string, Record<string, unknown>> }>;
  };

  it('lists the keys of core, plugins and providers, under the names of the file', () => {
    expect(Object.keys(schema.properties['rate']!.properties!)).toEqual([
      'base',
      'scaling',
      'referenceGlobalBatch',
    ]);
    expect(schema.properties['data']!.properties!['dir']).toMatchObject({ type: 'string' });
    expect(schema.properties['optimizer']!.properties!['betas']).toBeDefined();
    expect(schema.properties['seed']).toMatchObject({ default: 42 });
  });

  it('lists the names that can be chosen', () => {
    expect(schema.properties['device']!.properties!['use']!['enum']).toEqual([
      'auto',
      'tfjs-node',
      'wasm',
    ]);
    expect(schema.properties['model']!.properties!['use']!['enum']).toContain('repvgg_a0');
  });
});

describe('resolveConfig', () => {
  it("gives setup the plugin's options, and takes any key of an open schema but core's", () => {
    const seen: unknown[] = [];
    const plugin = definePlugin({
      name: '@third/refold-plugin-odd',
      apiVersion: 1,
      section: 'model',
      options: z.looseObject({ size: z.int().default(3) }),
      setup: ({ options, provide }) => {
        seen.push(options);
        provide(Model, {
          create: () => {
            throw new Error('not created');
          },
        });
      },
    });
    const config = resolveConfig({
      object: { model: { numClasses: 2, anything: 'goes' } },
      plugins: [plugin],
    });
    expect(seen).toEqual([{ size: 3, anything: 'goes' }]);
    expect(config.json['model']).toEqual({
      use: 'Model',
      numClasses: 2,
      size: 3,
      anything: 'goes',
    });
    expect(config.origins.get('model.anything')).toEqual({ kind: 'object' });
  });

  it('lets no key reach into the program', () => {
    const object = { model: JSON.parse('{ "__proto__": { "polluted": 1 } }') as object };
    const flags = readFlags(['--model={__proto__: {polluted: 1}}']);
    expect(() => resolveConfig({ object, plugins: [] })).toThrow('__proto__');
    expect(() => resolveConfig({ flags, plugins: [] })).toThrow();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps the mistakes of a provider that was not chosen to those who ask for it', () => {
    const config = resolveConfig({
      object: { model: { use: 'repvgg_a0' } },
      plugins: plugins.slice(0, 1),
    });
    const custom = config.declared.find(({ provider }) => provider.use?.includes('repvgg'))!;
    expect(() => config.optionsFor(custom)).toThrow(
      expect.objectContaining({ code: 'RF-CONFIG-MISSING' }),
    );
    const chosen = config.declared.find(({ provider }) => provider.use?.includes('repvgg_a0'))!;
    expect(config.optionsFor(chosen)).toEqual({ dropRate: 0, batchNormInit: 'normal' });
  });
});

describe('configKeys', () => {
  const keys = new Map(configKeys(plugins).map((key) => [key.path, key]));

  it('says whose each key is, and with which choice it has a meaning', () => {
    expect(keys.get('data.batchSize')).toMatchObject({ owners: ['core'], uses: [] });
    expect(keys.get('optimizer.momentum')).toMatchObject({
      owners: ['@refold/plugin-optimizers'],
      uses: ['momentum', 'nesterov'],
      schema: { type: 'number', default: 0.9 },
    });
    expect(keys.get('optimizer.weightDecay')).toMatchObject({
      uses: ['sgd', 'momentum', 'nesterov', 'adamw'],
      description: 'L2 penalty.',
    });
    expect(keys.get('rate.scaling')).toMatchObject({ description: 'How the rate scales.' });
    expect(keys.get('seed')).toMatchObject({ schema: { default: 42 } });
  });

  it('tells the meanings of a key that providers share apart, and leaves core its own', () => {
    const device = (use: string, threads: z.ZodType): Plugin => ({
      name: `plugin-${use}`,
      apiVersion: 1,
      setup: ({ provide }) =>
        provide(Device, {
          use: [use],
          options: z.strictObject({ threads, precision: z.string() }),
          create: () => {
            throw new Error('not created');
          },
        }),
    });
    const both = [device('a', z.int().default(1)), device('b', z.int().default(2))];
    const found = configKeys(both).filter(({ path }) => path.startsWith('device.'));
    expect(found.map(({ path, uses, schema }) => [path, uses, schema['default']])).toEqual([
      ['device.use', [], 'auto'],
      ['device.inner', [], 'auto'],
      ['device.precision', [], 'float32'],
      ['device.threads', ['a'], 1],
      ['device.threads', ['b'], 2],
    ]);
    const { properties } = configSchema(both);
    expect(properties?.['device']?.properties?.['threads']?.anyOf).toHaveLength(2);
  });
});
