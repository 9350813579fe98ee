import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { writeModelFile } from '@refold/formats';
import { initialise } from '@refold/graph';
import { tinyGraph } from '@refold/testing';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();

beforeAll(async () => {
  const sample = { channels: 1, height: 8, width: 8 };
  const graph = tinyGraph({ sample, normalization: { mean: [0.5], std: [0.5] } });
  await writeModelFile(path.join(folder, 'untrained.safetensors'), {
    ...{ kind: 'model', form: 'train', model: 'tiny', graph, weights: initialise(graph, 1) },
    ...{ classes: [], preprocessing: null, config: null, position: null, best: null },
  });
});

it('refold fuse notes batch norms that never saw an image, in both kinds of output', async () => {
  const text = await runCli(['fuse', 'untrained.safetensors'], folder);
  expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('never updated') });
  const { stdout } = await runCli(['fuse', 'untrained.safetensors', '--json'], folder);
  expect(JSON.parse(stdout)).toMatchObject({ notes: [expect.stringContaining('never updated')] });
});

it('refold fuse writes the report that it prints', async () => {
  const args = ['fuse', 'untrained.safetensors', '--report', 'report.json', '--json'];
  const { code, stdout } = await runCli(args, folder);
  expect(code).toBe(0);
  expect(readFileSync(path.join(folder, 'report.json'), 'utf8')).toBe(
    `${JSON.stringify(JSON.parse(stdout), null, 2)}\n`,
  );
});

it('refold fuse does not write its report over the checkpoint', async () => {
  const before = readFileSync(path.join(folder, 'untrained.safetensors'));
  const args = ['fuse', 'untrained.safetensors', '-o', 'o', '--report', './untrained.safetensors'];
  const { code, stderr } = await runCli(args, folder);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('--report') });
  expect(stderr).toContain('RF-CLI-SAME-FILE');
  expect(readFileSync(path.join(folder, 'untrained.safetensors'))).toEqual(before);
});
