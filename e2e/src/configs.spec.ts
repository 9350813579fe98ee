import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { writeImageFolder } from './spec-kit/image-folder.js';
import { root, runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

/** Of `plan --json`, what is looked at here. */
interface PlanDocument {
  readonly providers: readonly { readonly point: string; readonly name: string }[];
  readonly parameters: { readonly train: number; readonly fused: number };
}

const folder = temporaryFolder();
const data = path.join(folder, 'photos');
const configs = path.join(root, 'configs');
const recipes = readdirSync(path.join(configs, 'repvgg')).map((name) => path.join('repvgg', name));

async function refold<T>(command: string, config: string, ...more: string[]): Promise<T> {
  const args = [command, '-c', path.join(configs, config), '--json', ...more];
  const { code, stdout, stderr } = await runCli(args, folder);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

/** A few steps on the device that is always there, on a handful of small photographs. */
const few = ['--data-dir', data, '--device', 'wasm', '--batch-size', '4', '--max-steps', '2'];
const small = ['--resolution', '32', '--data.valResize', 'null'];

describe('configs/', () => {
  beforeAll(() => writeImageFolder(data, { perClass: 16 }));

  it('has a recipe for each of the ten networks', () => expect(recipes).toHaveLength(10));

  it.each(recipes)('%s plans: the network it names, in both forms', async (recipe) => {
    const plan = await refold<PlanDocument>('plan', recipe, '--data-dir', data, '--device', 'wasm');
    expect(plan.providers).toContainEqual(
      expect.objectContaining({ point: 'Model', name: path.basename(recipe, '.yaml') }),
    );
    expect(plan.parameters.train).toBeGreaterThan(plan.parameters.fused);
  });

  it('demo.yaml trains, validates and fuses', async () => {
    const output = ['--output-dir', path.join(folder, 'demo'), '--max-steps', '2'];
    const result = await refold<RunResult>('train', 'demo.yaml', ...output);
    expect(result).toMatchObject({ steps: 2, fused: expect.stringMatching(/fused/) });
  });

  it('imagenette.yaml trains, and finetune.yaml goes on from its checkpoint with other classes', async () => {
    const first = ['--output-dir', path.join(folder, 'first'), ...few, ...small];
    const { checkpoint } = await refold<RunResult>('train', 'imagenette.yaml', ...first);
    const second = ['--output-dir', path.join(folder, 'second'), ...few, '--resolution', '32'];
    const weights = ['--weights', checkpoint!];
    const result = await refold<RunResult>('train', 'finetune.yaml', ...second, ...weights);
    expect(result).toMatchObject({ steps: 2, fused: expect.stringMatching(/fused/) });
  });
});
