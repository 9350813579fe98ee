import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder);
const images = path.join(folder, 'images.yaml');
writeFileSync(
  images,
  'plugins: [model-repvgg, data-imagenet, optimizers]\noptimizer: { use: sgd }\n',
);

async function printed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['config', ...args], folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('config', () => {
  it('prints a complete configuration, which resolves to the same', async () => {
    const whole = await printed('-c', config);
    expect(whole).toMatch(/^ {2}batchSize: 16$/m);
    expect(whole).toMatch(/^maxSteps: null$/m);
    const file = path.join(folder, 'printed.yaml');
    writeFileSync(file, whole);
    expect(await printed('-c', file)).toBe(whole);
  });

  it('--explain says where every value came from and what it does', async () => {
    const lines = (await printed('-c', config, '--explain', '--batch_size', '8')).split('\n');
    const lineOf = (key: string): string => lines.find((line) => line.startsWith(`${key} `)) ?? '';
    expect(lineOf('key')).toMatch(/^key +value +from +what it does$/);
    expect(lineOf('data.batchSize')).toMatch(/ 8 +--batch_size +Images per batch/);
    expect(lineOf('epochs')).toMatch(/ 2 +\S+config\.yaml:10:1 +Passes over/);
    expect(lineOf('maxSteps')).toMatch(/ null +default +Stop after/);
    const { length } = lines.filter(
      (line) => line !== '' && / (\S+:\d+:\d+|default|--\S+)( |$)/.test(line),
    );
    expect(length).toBe(lines.length - 2);
  });

  it('--schema prints a JSON Schema of what the plugins take', async () => {
    const schema = JSON.parse(await printed('-c', config, '--schema')) as Record<string, never>;
    expect(schema).toMatchObject({
      $schema: expect.stringContaining('json-schema.org'),
      additionalProperties: false,
      properties: {
        epochs: { type: 'integer', minimum: 0 },
        data: { properties: { batchSize: {}, trainSize: {}, use: { enum: ['mnist'] } } },
        device: { properties: { use: { enum: ['auto', 'tfjs-node', 'wasm', 'cpu'] } } },
      },
    });
  });

  it("warns on stderr of MindCV's keys without meaning, unless --quiet", async () => {
    const file = path.join(folder, 'mindcv.yaml');
    writeFileSync(
      file,
      'model: repvgg_a0\ndata_dir: D\nbatch_size: 4\nopt: momentum\ndataset_sink_mode: True\n',
    );
    const told = await runCli(['config', '-c', file], folder);
    expect(told).toMatchObject({ code: 0, stderr: expect.stringContaining('dataset_sink_mode') });
    expect(await printed('-c', file, '--quiet')).toBe(told.stdout);
  });
});

describe('flags', () => {
  let json: Record<string, unknown>;
  const flags: readonly (readonly [string, readonly string[], string, unknown])[] = [
    ['--model', ['--model', 'repvgg_b0'], 'model.use', 'repvgg_b0'],
    ['--data-dir', ['--data-dir', 'D'], 'data.dir', 'D'],
    ['--batch-size', ['--batch-size', '8'], 'data.batchSize', 8],
    ['--resolution', ['--resolution', '160'], 'data.resolution', 160],
    ['--epochs', ['--epochs', '7'], 'epochs', 7],
    ['--max-steps', ['--max-steps', '9'], 'maxSteps', 9],
    ['--device', ['--device', 'wasm'], 'device.use', 'wasm'],
    ['--precision', ['--precision', 'bfloat16'], 'device.precision', 'bfloat16'],
    ['--seed', ['--seed', '5'], 'seed', 5],
    ['--resume', ['--resume', 'auto'], 'resume', 'auto'],
    ['--output-dir', ['--output-dir', 'O'], 'outputDir', 'O'],
    ['a path', ['--data.hflip', '0.25'], 'data.hflip', 0.25],
    ['a path with =', ['--rate.base=1e-3'], 'rate.base', 0.001],
    ['a path with hyphens', ['--optimizer.weight-decay', '0.5'], 'optimizer.weightDecay', 0.5],
  ];
  const at = (path: string): unknown =>
    path.split('.').reduce<unknown>((held, key) => (held as Record<string, unknown>)[key], json);

  beforeAll(async () => {
    const args = flags.flatMap(([, words]) => words);
    json = JSON.parse(await printed('-c', images, ...args, '--json')) as typeof json;
  });

  it.each(flags)('%s sets its key', (_name, _words, path, value) => {
    expect(at(path)).toEqual(value);
  });

  it('are spelt with hyphens, underscores or capitals alike', async () => {
    const respelt = flags.flatMap(([, [flag = '', ...values]]) => [
      flag.replaceAll(/(?<=[a-z])-([a-z])/g, (_hyphen, letter: string) => `_${letter}`),
      ...values,
    ]);
    expect(JSON.parse(await printed('--config', images, ...respelt, '--JSON'))).toEqual(json);
  });

  it('--resume takes a file as well', async () => {
    const text = await printed(
      '-c',
      images,
      '--data-dir',
      'D',
      '--model',
      'repvgg_a0',
      '--resume',
      'a.safetensors',
      '--json',
    );
    expect(JSON.parse(text)).toMatchObject({ resume: 'a.safetensors' });
  });
});
