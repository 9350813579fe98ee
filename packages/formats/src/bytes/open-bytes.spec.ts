import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readAll, sourcesOf } from '../tensors/tensor-source.js';
import { openWeights } from '../weights/open-weights.js';
import { weightsWriters } from '../weights/weights-writers.js';
import { viewOf } from './byte-source.js';
import { openBytes } from './open-bytes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-bytes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251);

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  return path;
}

describe.each([false, true])('openBytes, mapped: %s', (mapped) => {
  it('gives bytes from anywhere, as copies', async () => {
    const source = await openBytes(await fileOf(content), { mapped });
    const first = await source.read(10, 5000);
    first.fill(0);
    expect(await source.read(10, 5000)).toEqual(content.subarray(10, 5010));
    expect(await source.read(99_999, 1)).toEqual(content.subarray(99_999));
    expect(await source.read(100_000, 0)).toHaveLength(0);
    await source.close();
    await source.close();
  });

  it('gives views with the same bytes, which outlive it', async () => {
    const source = await openBytes(await fileOf(content), { mapped });
    const view = await viewOf(source, 4096, 50_000);
    await source.close();
    expect(view).toEqual(content.subarray(4096, 54_096));
  });

  it('refuses what lies beyond the end', async () => {
    const source = await openBytes(await fileOf(content), { mapped });
    for (const [position, length] of [
      [99_999, 2],
      [100_001, 0],
      [0, 2 ** 52],
    ] as const) {
      const code = { code: 'RF-FILE-TRUNCATED' };
      await expect(source.read(position, length)).rejects.toMatchObject(code);
      await expect(viewOf(source, position, length)).rejects.toMatchObject(code);
    }
    await source.close();
  });

  it('opens an empty file, and neither a folder nor nothing', async () => {
    const source = await openBytes(await fileOf(new Uint8Array(0)), { mapped });
    expect(source.size).toBe(0);
    await source.close();
    const unreadable = { code: 'RF-FILE-UNREADABLE' };
    await expect(openBytes(folder, { mapped })).rejects.toMatchObject(unreadable);
    await expect(openBytes(join(folder, 'none'), { mapped })).rejects.toMatchObject(unreadable);
  });

  it.each(['safetensors', 'pytorch', 'mindspore', 'numpy'] as const)(
    'tensors of %s are the same, twice, after the file was closed',
    async (format) => {
      const data = new Uint8Array(Float32Array.from({ length: 600 }, Math.sin).buffer);
      const tensors = new Map([
        ['a', { dtype: 'F32' as const, shape: [20, 30], data }],
        ['b', { dtype: 'I16' as const, shape: [3], data: data.slice(0, 6) }],
      ]);
      const path = join(folder, `file-${format}`);
      await weightsWriters[format](path, sourcesOf(tensors));
      const file = await openWeights(path, { mapped });
      const [once, twice] = [await readAll(file.tensors), await readAll(file.tensors)];
      await file.close();
      for (const [name, tensor] of tensors) {
        expect(Buffer.from(once.get(name)!.data)).toEqual(Buffer.from(tensor.data));
        expect(Buffer.from(twice.get(name)!.data)).toEqual(Buffer.from(tensor.data));
      }
    },
  );
});

it('a mapped view and a copy are of one file, also when another takes its place meanwhile', async () => {
  const path = await fileOf(content);
  const [other, spare] = [join(folder, 'other'), content.map((byte) => 255 - byte)];
  for (let round = 0; round < 50; round++) {
    await writeFile(other, round % 2 === 0 ? spare : content);
    const [source] = await Promise.all([openBytes(path, { mapped: true }), rename(other, path)]);
    expect(await viewOf(source, 0, 500)).toEqual(await source.read(0, 500));
    await source.close();
  }
});

it('a mapped view changes neither the file nor is it changed by a file in its place', async () => {
  const path = await fileOf(content);
  const source = await openBytes(path, { mapped: true });
  const changed = await openBytes(path, { mapped: true });
  (await viewOf(changed, 0, 100)).fill(255);
  const other = await openBytes(path);
  expect(await other.read(0, 100)).toEqual(content.subarray(0, 100));
  await other.close();
  await rm(path);
  await writeFile(path, 'short');
  expect(await source.read(0, 100_000)).toEqual(content);
  await Promise.all([source.close(), changed.close()]);
});
