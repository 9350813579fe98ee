import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { root, runCli, startCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { tinyConfig, writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder);

/** A configuration with a plugin of one's own, whose module is this text. */
function configWithPlugin(name: string, module: string): string {
  writeFileSync(path.join(folder, `${name}.mjs`), module);
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(file, tinyConfig.replace('progress]', `progress, ./${name}.mjs]`));
  return file;
}

describe('a bug exits with 4, a stack trace and how to report it', () => {
  it.each([
    [
      'an error while a plugin sets up',
      `export default { name: 'p', apiVersion: 1, setup() { throw new TypeError('not mine'); } };`,
    ],
    [
      'a promise that nobody waits for',
      `export default { name: 'p', apiVersion: 1, setup() { void Promise.reject(new Error('not mine')); } };`,
    ],
    [
      'an error in a hook of a run',
      `const Callback = { name: 'Callback', section: null, cardinality: 'many' };
       const create = () => ({ name: 'p', stepEnded() { throw new Error('not mine'); } });
       export default { name: 'p', apiVersion: 1, setup({ provide }) { provide(Callback, { create }); } };`,
    ],
  ])('%s', async (what, module) => {
    const file = configWithPlugin(what.replaceAll(' ', '-'), module);
    const { code, stdout, stderr } = await runCli(['train', '-c', file, '--json'], folder);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/not mine[\s\S]*^ +at .*\.mjs:[\s\S]*a bug[\s\S]*report it/m);
    expect(stderr).toMatch(/Refold \d.*, Node v/);
  });

  it('is not what a plugin is called that cannot be imported', async () => {
    const file = configWithPlugin('broken', `throw new Error('no such thing');`);
    const { code, stderr } = await runCli(['plan', '-c', file], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^RF-PLUGIN-INVALID: .*broken\.mjs[\s\S]*no such thing/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

it.each(['wasm', 'cpu'])('%s refuses a precision that it does not compute in', async (device) => {
  const flags = ['--device', device, '--precision', 'bfloat16', '--output-dir', 'bf'];
  const { code, stderr } = await runCli(['train', '-c', config, ...flags], folder);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^RF-DEVICE-PRECISION: .*\nExpected float32\n/);
});

describe('a file that cannot be written is a mistake of the input', () => {
  let trained: RunResult;
  beforeAll(async () => {
    const flags = ['--output-dir', 'out', '--max-steps', '1', '--json', '--quiet'];
    const { stdout } = await runCli(['train', '-c', config, ...flags], folder);
    trained = JSON.parse(stdout) as RunResult;
  });

  it.each<[string, (checkpoint: string) => string[]]>([
    ['--events', () => ['train', '-c', config, '--output-dir', 'never']],
    ['--predictions', (file) => ['validate', file]],
    ['--report', (file) => ['fuse', file, '-o', 'reported.safetensors']],
    ['--output', (file) => ['fuse', file]],
  ])('%s', async (flag, args) => {
    const target = path.join(folder, 'no', 'such', 'folder');
    const all = [...args(trained.checkpoint!), flag, target, '--json'];
    const { code, stdout, stderr } = await runCli(all, folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^RF-(CLI|FILE)-UNWRITABLE: /);
    expect(stderr).toContain(target);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('and known before a run or a fusion has written anything', () => {
    expect(existsSync(path.join(folder, 'never'))).toBe(false);
    expect(existsSync(path.join(folder, 'reported.safetensors'))).toBe(false);
  });

  it('fuse does not replace its input', async () => {
    const copy = path.join(folder, 'copy.safetensors');
    copyFileSync(trained.checkpoint!, copy);
    const { code, stderr } = await runCli(['fuse', copy, '-o', './copy.safetensors'], folder);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('RF-CLI-SAME-FILE'),
    });
    expect(readFileSync(copy)).toEqual(readFileSync(trained.checkpoint!));
  });
});

describe('streams', () => {
  it('a reader that leaves early is no error', () => {
    const bin = path.join(root, 'packages', 'cli', 'bin', 'refold.js');
    const line = `"${process.execPath}" "${bin}" config -c "${config}" --schema | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  it('--quiet says nothing of a signal either; the checkpoint is in the result', async () => {
    const output = path.join(folder, 'stopped');
    mkdirSync(output);
    const flags = ['--output-dir', output, '--epochs', '1000', '--json', '--quiet'];
    const log = path.join(folder, 'log.jsonl');
    const { child, done } = startCli(['train', '-c', config, ...flags, '--events', log], folder);
    const watcher = watch(folder, () => {
      if (!existsSync(log) || !readFileSync(log, 'utf8').includes('step-completed')) return;
      watcher.close();
      child.kill('SIGTERM');
    });
    const { code, stdout, stderr } = await done;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    const { checkpoint, interrupted } = JSON.parse(stdout) as RunResult;
    expect([interrupted, existsSync(checkpoint!)]).toEqual([true, true]);
  });
});
