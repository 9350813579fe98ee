import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readFloatTensors, relativeError } from '@refold/testing';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const root = path.join(import.meta.dirname, '../..');
const python = process.env['REFOLD_PYTHON'];

const withPython = python ? describe : describe.skip;
withPython('fixtures of blocks (skipped without REFOLD_PYTHON, an interpreter with timm)', () => {
  const folder = temporaryFolder();

  it('are what PyTorch computes today, within 1e-5', () => {
    const script = path.join(root, 'e2e/python/block_fixtures.py');
    const { status, stderr } = spawnSync(python!, [script, '--out', folder], { encoding: 'utf8' });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const written = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.safetensors'),
    );
    expect(written).toHaveLength(7);
    for (const file of written) {
      const today = readFloatTensors(path.join(folder, file), '');
      const stored = readFloatTensors(path.join(root, 'plugins', file), '');
      expect([...today.keys()]).toEqual([...stored.keys()]);
      for (const [name, { data }] of stored) {
        expect(relativeError(today.get(name)!.data, data)).toBeLessThan(1e-5);
      }
    }
  });
});
