import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openWeights } from '../weights/open-weights.js';
import { writeNpz } from './write-npz.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-write-npz-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tensor = (bytes: number) => ({
  dtype: 'F32' as const,
  shape: [2],
  read: () => Promise.resolve(new Uint8Array(bytes)),
});

describe('writeNpz', () => {
  it('writes no tensor that is not as long as its shape says', async () => {
    const writing = writeNpz(join(folder, 'short'), new Map([['w', tensor(4)]]));
    await expect(writing).rejects.toThrow(/The tensor 'w' has 4 bytes instead of 8/);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['', '..', '../a', 'a/../b', 'a\\..\\b', '/a', 'a\0', '\ud800', 'x'.repeat(70_000)])(
    'refuses a bad name (%#) before it writes',
    async (name) => {
      const tensors = new Map([
        ['w', tensor(8)],
        [name, tensor(8)],
      ]);
      await expect(writeNpz(join(folder, 'named'), tensors)).rejects.toMatchObject({
        code: 'RF-FILE-NAME',
      });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('writes other names, which are read back', async () => {
    const names = ['a.b', 'a/b', '..a', 'é😀', '__proto__', 'with space'];
    const path = join(folder, 'good');
    await writeNpz(path, new Map(names.map((name) => [name, tensor(8)])));
    const file = await openWeights(path);
    expect([...file.tensors.keys()]).toEqual(names);
    await file.close();
    await rm(path);
  });
});
