import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { tinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const project = path.join(folder, 'project');
const bare = path.join(folder, 'bare');
mkdirSync(project);
mkdirSync(bare);
const config = path.join(project, 'mine.yaml');
const plugin = `export default { name: 'mine', apiVersion: 1, setup() {} };`;

function writeConfig(more = ''): void {
  const text = tinyConfig.replace('progress]', 'progress, ./mine.mjs]');
  writeFileSync(config, `${text}outputDir: out\n${more}`);
}

describe('in a folder that is no repository, with a configuration elsewhere', () => {
  let trained: RunResult;
  beforeAll(async () => {
    writeFileSync(path.join(project, 'mine.mjs'), plugin);
    writeConfig();
    const args = ['train', '-c', config, '--max-steps', '1', '--json', '--quiet'];
    const { code, stdout, stderr } = await runCli(args, bare);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    trained = JSON.parse(stdout) as RunResult;
  });

  it('trains; the output folder is relative to the current folder', () => {
    expect(trained.outputDir).toBe(path.join(bare, 'out'));
    expect(existsSync(trained.fused!)).toBe(true);
    expect(existsSync(path.join(project, 'out'))).toBe(false);
  });

  it('files that the configuration names are, too', async () => {
    writeConfig('weights: out/repvgg-fused.safetensors\n');
    const args = ['validate', '-c', config, '--data.validationSize', '20'];
    const found = await runCli(args, bare);
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('fused form') });
    const missing = await runCli(args, project);
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(path.join(project, 'out')),
    });
  });

  it('a plugin by its path is taken from there first, and else from beside the configuration', async () => {
    const throwing = plugin.replace('{} }', `{ throw new Error('taken first'); } }`);
    writeFileSync(path.join(bare, 'mine.mjs'), throwing);
    const first = await runCli(['plan', '-c', config], bare);
    expect(first).toMatchObject({ code: 4, stderr: expect.stringContaining('taken first') });
    rmSync(path.join(bare, 'mine.mjs'));
    expect(await runCli(['plan', '-c', config], bare)).toMatchObject({ code: 0 });
  });
});
