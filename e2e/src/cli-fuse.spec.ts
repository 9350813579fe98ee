import path from 'node:path';
import { expect, it } from '@jest/globals';
import { writeModelFile } from '@refold/formats';
import { initialise } from '@refold/graph';
import { tinyGraph } from '@refold/testing';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();

it('refold fuse notes batch norms that never saw an image, in both kinds of output', async () => {
  const sample = { channels: 1, height: 8, width: 8 };
  const graph = tinyGraph({ sample, normalization: { mean: [0.5], std: [0.5] } });
  await writeModelFile(path.join(folder, 'untrained.safetensors'), {
    ...{ kind: 'model', form: 'train', model: 'tiny', graph, weights: initialise(graph, 1) },
    ...{ classes: [], preprocessing: null, config: null, position: null, best: null },
  });
  const text = await runCli(['fuse', 'untrained.safetensors'], folder);
  expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('never updated') });
  const { stdout } = await runCli(['fuse', 'untrained.safetensors', '--json'], folder);
  expect(JSON.parse(stdout)).toMatchObject({ notes: [expect.stringContaining('never updated')] });
});
