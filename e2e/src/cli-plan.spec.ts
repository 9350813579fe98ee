import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
/** 160 images in batches of 16, two to an update: 5 updates an epoch of 32 images each, an eighth of the recipe's 256. */
const config = writeTinyConfig(folder, (text) =>
  text
    .replace('batchSize: 16', 'batchSize: 16, accumulate: 2')
    .replace('base: 0.05', 'base: 0.8')
    .replace('scaling: none', 'scaling: linear'),
);

describe('plan, for people', () => {
  let lines: string[];
  beforeAll(async () => {
    const { code, stdout, stderr } = await runCli(['plan', '-c', config], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    lines = stdout.split('\n');
  });

  it('shows who provides what, the chains in the order of the list', () => {
    const rows = lines.slice(0, lines.indexOf('')).map((line) => line.split(/ {2,}/));
    expect(rows).toEqual([
      ['point', 'plugin', 'name'],
      ['Model', '@refold/plugin-model-repvgg', 'repvgg'],
      ['Dataset', '@refold/plugin-data-mnist', 'mnist'],
      ['Optimizer', '@refold/plugin-optimizers', 'momentum'],
      ['LearningRatePolicy', '@refold/plugin-lr-schedules', 'LearningRatePolicy'],
      ['LearningRatePolicy', '@refold/plugin-lr-scaling', 'LearningRatePolicy'],
      ['Device', '@refold/plugin-device-tfjs', 'wasm'],
      ['Callback', '@refold/plugin-checkpoint', 'Callback'],
      ['Callback', '@refold/plugin-checkpoint-fusion', 'Callback'],
      ['Callback', '@refold/plugin-progress', 'Callback'],
    ]);
  });

  it.each([
    // Blocks 1→4, 4→4, 4→8, 8→8 (identity) and a classifier: 56 + 176 + 352 + 688 + 90 and 40 + 148 + 296 + 584 + 90.
    ['parameters', '', '1,362 train, 1,158 fused'],
    ['multiply-adds', '', /^[\d,]+ train, [\d,]+ fused$/],
    ['device', '', /^wasm \(tfjs wasm \S+ .*\): asked for by name/],
    ['global batch', '', "32 = 16 × 1 replicas × 2 accumulated; recipe's: 256"],
    ['rate', '', '0.1 at its highest, from base 0.8'],
    ['', 'of the schedule', /cosine/],
    ['', 'of the scaling', /^(?=.*linear)(?=.*32)(?=.*256)/],
    ['steps', '', '10 (2 epochs of 5)'],
    ['memory', '', /^about \d+ MiB$/],
    ['output', '', path.join(folder, 'runs', 'repvgg')],
  ])('tells %s%s', (name, _what, value) => {
    const values = lines
      .filter((line) => line.startsWith(`${name.padEnd(14)} `))
      .map((line) => line.slice(15));
    expect(values).toContainEqual(typeof value === 'string' ? value : expect.stringMatching(value));
  });

  it('computes and writes nothing', () =>
    expect(existsSync(path.join(folder, 'runs'))).toBe(false));
});

describe('plan of what cannot be', () => {
  it.each([
    [
      'data that no listed plugin has',
      ['--plugins', '[model-repvgg]'],
      'Add data-mnist to plugins',
    ],
    ['a split smaller than a batch', ['--batch-size', '200'], 'RF-PLAN-NO-STEPS'],
    ['a device that is not there', ['--device', 'abacus'], 'RF-CONFIG-UNKNOWN-NAME'],
    ['fewer classes than the data has', ['--num-classes', '3'], 'RF-PLAN-CLASSES'],
  ])('fails with 1: %s', async (_what, flags, message) => {
    const { code, stdout, stderr } = await runCli(['plan', '-c', config, ...flags], folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
