import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRefoldError } from '@refold/graph';
import { diskFull, unwritable } from '../errors.js';

/** The part of a file handle that writing needs. */
export interface WritableHandle {
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system as {@link writeAtomically} sees it; tests stand in for a full disk here. */
export interface AtomicFileSystem {
  create(path: string): Promise<WritableHandle>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes a rename in this folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

/** Takes bytes in order; small ones are gathered into larger writes. The bytes are read before the promise resolves. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** The real thing. */
export const nodeFileSystem: AtomicFileSystem = {
  create: (path) => open(path, 'wx'),
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder: async (path) => {
    // Windows cannot open folders; there the rename itself is all that can be had.
    if (process.platform === 'win32') return;
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

const GATHER_BYTES = 1 << 20;
/** Node takes lengths of 31 bits. */
const MAX_WRITE_BYTES = 2 ** 30;
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.refold-tmp$/;

/**
 * Writes a file as a whole or not at all: temporary name in the same folder, sync, rename, sync of the folder.
 * A reader sees the old file or the new one, never a part. After a failure the temporary file is gone.
 *
 * @param beforeRename done when all is on the disk but the old file is still there: what must be in place with the new one
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`; what else `produce` throws as it is
 */
export async function writeAtomically(
  path: string,
  produce: (sink: Sink) => Promise<void>,
  files: AtomicFileSystem = nodeFileSystem,
  beforeRename: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.refold-tmp`);
  let handle: WritableHandle | null = null;
  try {
    handle = await files.create(temporary);
    const gathered = new GatheringWriter(handle);
    await produce((bytes) => gathered.write(bytes));
    await gathered.flush();
    await handle.sync();
    const closing = handle;
    handle = null;
    await closing.close();
    await beforeRename();
    await files.rename(temporary, path);
    await files.syncFolder(folder);
    return gathered.total;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await files.remove(temporary).catch(() => undefined);
    throw writeFailure(path, error);
  }
}

/** What to say of a failed write: the system's refusals are the user's to mend, everything else stays what it is. */
export function writeFailure(path: string, error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (isRefoldError(error) || typeof code !== 'string' || code.startsWith('ERR_')) return error;
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(path, error) : unwritable(path, error);
}

/**
 * Removes what writers that were killed left in a folder. Call it only where no other process writes.
 * A missing folder is fine.
 *
 * @returns names of the files and folders removed
 */
export async function removeTemporaries(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => TEMPORARY.test(name));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true, recursive: true })));
  return left;
}

class GatheringWriter {
  total = 0;
  readonly #handle: WritableHandle;
  readonly #buffer = new Uint8Array(GATHER_BYTES);
  #used = 0;

  constructor(handle: WritableHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.total += bytes.length;
    if (this.#used + bytes.length > GATHER_BYTES) await this.flush();
    if (bytes.length >= GATHER_BYTES) return this.#writeAll(bytes);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  async flush(): Promise<void> {
    await this.#writeAll(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const piece = bytes.subarray(done, done + MAX_WRITE_BYTES);
      done += (await this.#handle.write(piece)).bytesWritten;
    }
  }
}
