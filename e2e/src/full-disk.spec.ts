import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readModelFile } from '@refold/formats';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const disk = path.join(folder, 'disk');
mkdirSync(disk);
/** A real disk of 32 KiB, which one checkpoint of 25 KB fills. */
const mount = ['-t', 'tmpfs', '-o', 'size=32k', 'refold-test', disk];
const mounted = spawnSync('mount', mount).status === 0;
const onDisk = mounted ? it : it.skip;

describe('a full disk (skipped where a test may not mount a file system)', () => {
  afterAll(() => {
    if (mounted) spawnSync('umount', [disk]);
  });

  onDisk(
    'ends the run with a clear message, leaves nothing half-written and the earlier checkpoint good',
    async () => {
      const config = writeTinyConfig(folder);
      const output = path.join(disk, 'run');
      const result = await runCli(['train', '-c', config, '--output-dir', output]);
      expect(result).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('RF-FILE-DISK-FULL'),
      });
      expect(result.stderr).not.toMatch(/^\s+at /m);
      const first = 'epoch-0000-step-000001.safetensors';
      expect(readdirSync(path.join(output, 'checkpoints'))).toEqual([first]);
      const saved = await readModelFile(path.join(output, 'checkpoints', first));
      expect(saved.position).toMatchObject({ step: 1 });
    },
  );
});
