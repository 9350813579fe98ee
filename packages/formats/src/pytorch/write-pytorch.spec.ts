import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openWeights } from '../weights/open-weights.js';
import { writePytorch } from './write-pytorch.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-write-pytorch-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tensor = (bytes: number) => ({
  dtype: 'F32' as const,
  shape: [2],
  read: () => Promise.resolve(new Uint8Array(bytes)),
});

describe('writePytorch', () => {
  it('writes no tensor that is not as long as its shape says', async () => {
    const writing = writePytorch(join(folder, 'short'), new Map([['w', tensor(4)]]));
    await expect(writing).rejects.toThrow(/The tensor 'w' has 4 bytes instead of 8/);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['', '\ud800', 'a.\udc00b'])('refuses the name %j before it writes', async (name) => {
    const tensors = new Map([
      ['w', tensor(8)],
      [name, tensor(8)],
    ]);
    await expect(writePytorch(join(folder, 'named'), tensors)).rejects.toMatchObject({
      code: 'RF-FILE-NAME',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes other names, which are read back', async () => {
    const names = ['a.b', 'a/b', '..a', 'é😀', '__proto__', 'with space'];
    const path = join(folder, 'good');
    await writePytorch(path, new Map(names.map((name) => [name, tensor(8)])));
    const file = await openWeights(path);
    expect([...file.tensors.keys()]).toEqual(names);
    await file.close();
    await rm(path);
  });
});
