import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InternalError } from '@refold/graph';
import {
  nodeFileSystem,
  removeTemporaries,
  writeAtomically,
  type AtomicFileSystem,
  type WritableHandle,
} from './atomic-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-atomic-'));
});
afterEach(() => rm(folder, { recursive: true }));

const failure = (code: string) => Object.assign(new Error(code), { code });

/** The real file system, with some calls replaced on the handles it gives. */
function withHandle(change: (real: WritableHandle) => Partial<WritableHandle>): AtomicFileSystem {
  return {
    ...nodeFileSystem,
    create: async (path) => {
      const real = await nodeFileSystem.create(path);
      return {
        write: (bytes) => real.write(bytes),
        sync: () => real.sync(),
        close: () => real.close(),
        ...change(real),
      };
    },
  };
}

describe('writeAtomically', () => {
  it('writes pieces of any size in order, also where the system takes them in part', async () => {
    const path = join(folder, 'a');
    const pieces = [3, 0, 1 << 20, 5, (1 << 21) + 1, 7].map((length, i) =>
      new Uint8Array(length).fill(i + 1),
    );
    const partly = withHandle((real) => ({
      write: (bytes) => real.write(bytes.subarray(0, 700_001)),
    }));
    const bytes = await writeAtomically(
      path,
      async (sink) => {
        for (const piece of pieces) await sink(piece);
      },
      partly,
    );
    const expected = Buffer.concat(pieces);
    expect(bytes).toBe(expected.length);
    expect(expected.equals(await readFile(path))).toBe(true);
    expect(await readdir(folder)).toEqual(['a']);
  });

  it("keeps what is no refusal of the system: a mistake of ours is not the user's disk", async () => {
    const path = join(folder, 'a');
    const mistake = new TypeError('cannot read properties of undefined');
    await expect(writeAtomically(path, () => Promise.reject(mistake))).rejects.toBe(mistake);
    const bug = new InternalError('a tensor too short');
    await expect(writeAtomically(path, () => Promise.reject(bug))).rejects.toBe(bug);
    expect(await readdir(folder)).toEqual([]);
  });

  it('does what belongs to the new file when that is on the disk and the old one still there', async () => {
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    const before = () => readFile(path, 'utf8').then((text) => expect(text).toBe('old'));
    const write = (beforeRename: () => Promise<void>) =>
      writeAtomically(path, (sink) => sink(Buffer.from('new')), nodeFileSystem, beforeRename);
    await expect(write(() => Promise.reject(failure('ENOSPC')))).rejects.toMatchObject({
      code: 'RF-FILE-DISK-FULL',
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    await write(before);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it.each(['ENOSPC', 'EDQUOT'])('leaves the old file and nothing else on %s', async (code) => {
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    let room = 3;
    const full = withHandle((real) => ({
      write: async (bytes) => {
        if (room === 0) throw failure(code);
        const { bytesWritten } = await real.write(bytes.subarray(0, room));
        room -= bytesWritten;
        return { bytesWritten };
      },
    }));
    await expect(
      writeAtomically(path, (sink) => sink(Buffer.from('new content')), full),
    ).rejects.toMatchObject({ code: 'RF-FILE-DISK-FULL', exitCode: 1 });
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it('notices a disk that is full only when it syncs', async () => {
    const full = withHandle(() => ({ sync: () => Promise.reject(failure('ENOSPC')) }));
    await expect(
      writeAtomically(join(folder, 'a'), (sink) => sink(Buffer.from('x')), full),
    ).rejects.toMatchObject({ code: 'RF-FILE-DISK-FULL' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('names the file that cannot be written', async () => {
    const path = join(folder, 'no', 'such', 'folder');
    await expect(writeAtomically(path, async () => undefined)).rejects.toMatchObject({
      code: 'RF-FILE-UNWRITABLE',
      message: expect.stringContaining(path),
    });
  });

  it('renames only what is synced, and syncs the folder after', async () => {
    const calls: string[] = [];
    const files: AtomicFileSystem = {
      create: async () => ({
        write: async (bytes) => {
          calls.push('write');
          return { bytesWritten: bytes.length };
        },
        sync: async () => void calls.push('sync'),
        close: async () => void calls.push('close'),
      }),
      rename: async () => void calls.push('rename'),
      remove: async () => void calls.push('remove'),
      syncFolder: async () => void calls.push('sync folder'),
    };
    await writeAtomically('/f/a', (sink) => sink(new Uint8Array(2)), files);
    expect(calls).toEqual(['write', 'sync', 'close', 'rename', 'sync folder']);
  });
});

describe('removeTemporaries', () => {
  it('removes what a killed writer left, and nothing else', async () => {
    const left = '.a.safetensors.0123456789ab.refold-tmp';
    for (const name of [left, 'a.safetensors', '.hidden', 'x.refold-tmp']) {
      await writeFile(join(folder, name), '');
    }
    expect(await removeTemporaries(folder)).toEqual([left]);
    expect((await readdir(folder)).sort()).toEqual(['.hidden', 'a.safetensors', 'x.refold-tmp']);
    expect(await removeTemporaries(join(folder, 'missing'))).toEqual([]);
  });
});
