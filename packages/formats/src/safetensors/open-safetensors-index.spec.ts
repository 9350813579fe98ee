import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contentOf, fixture } from '../spec-kit/fixtures.js';
import { openWeights } from '../weights/open-weights.js';
import { writeSafetensors } from './write-safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-index-'));
  const tensor = { dtype: 'F32' as const, shape: [1], data: new Uint8Array(4) };
  await writeSafetensors(
    join(folder, 'a.safetensors'),
    new Map([
      ['x', tensor],
      ['y', tensor],
    ]),
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function open(index: unknown) {
  const path = join(folder, 'model.safetensors.index.json');
  await writeFile(path, typeof index === 'string' ? index : JSON.stringify(index));
  return openWeights(path);
}

describe('openSafetensorsIndex', () => {
  it('reads what huggingface_hub wrote', async () => {
    const file = await openWeights(fixture('sharded/model.safetensors.index.json'));
    expect(file.format).toBe('safetensors');
    expect(file.metadata).toEqual({ total_size: '192', who: 'hub' });
    const floats = (value: number) =>
      Buffer.from(new Float32Array(16).fill(value).buffer).toString('hex');
    expect(await contentOf(file)).toEqual(
      Object.fromEntries([0, 1, 2].map((i) => [`layer.${i}`, `F32 [4, 4] ${floats(i)}`])),
    );
    await file.close();
    await file.close();
  });

  it('leaves out what the index does not name, and says so', async () => {
    const file = await open({ metadata: {}, weight_map: { x: 'a.safetensors' } });
    expect([...file.tensors.keys()]).toEqual(['x']);
    expect(file.notes).toEqual([expect.stringContaining("'y'")]);
    await file.close();
  });

  it.each<[string, string, unknown]>([
    ['a file in another folder', 'RF-FILE-INDEX', { weight_map: { x: '../a.safetensors' } }],
    ['a folder below', 'RF-FILE-INDEX', { weight_map: { x: 'sub/a.safetensors' } }],
    ['an absolute path', 'RF-FILE-INDEX', { weight_map: { x: '/etc/passwd' } }],
    ['a path of Windows', 'RF-FILE-INDEX', { weight_map: { x: '..\\a.safetensors' } }],
    ['a drive', 'RF-FILE-INDEX', { weight_map: { x: 'C:a.safetensors' } }],
    ['no name', 'RF-FILE-INDEX', { weight_map: { x: '' } }],
    ['a file that is a number', 'RF-FILE-INDEX', { weight_map: { x: 7 } }],
    ['a tensor that its file lacks', 'RF-FILE-INDEX', { weight_map: { z: 'a.safetensors' } }],
    ['a tensor twice', 'RF-FILE-INDEX', '{"weight_map":{"x":"a.safetensors","x":"a.safetensors"}}'],
    ['no map', 'RF-FILE-INDEX', { metadata: {} }],
    ['JSON cut off', 'RF-FILE-INDEX', '{"weight_map":{'],
    ['a file that is missing', 'RF-FILE-UNREADABLE', { weight_map: { x: 'b.safetensors' } }],
    ['itself', 'RF-FILE-HEADER', { weight_map: { x: 'model.safetensors.index.json' } }],
    ['other JSON', 'RF-FILE-UNKNOWN', { hello: 1 }],
  ])('refuses %s', async (_, code, index) => {
    await expect(open(index)).rejects.toMatchObject({ code });
  });

  (process.platform === 'win32' ? it.skip : it)('refuses a pipe, without waiting', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.safetensors')]);
    await mkdir(join(folder, 'folder.safetensors'));
    for (const file of ['pipe.safetensors', 'folder.safetensors']) {
      await expect(open({ weight_map: { x: file } })).rejects.toMatchObject({
        code: 'RF-FILE-UNREADABLE',
      });
    }
  });

  it('takes links in the folder, as the cache of huggingface_hub has them', async () => {
    await symlink(join(folder, 'a.safetensors'), join(folder, 'link.safetensors'));
    const file = await open({ weight_map: { x: 'link.safetensors' } });
    expect(await file.tensors.get('x')!.read()).toHaveLength(4);
    await file.close();
    expect((await readFile(join(folder, 'link.safetensors'))).length).toBeGreaterThan(0);
  });
});
