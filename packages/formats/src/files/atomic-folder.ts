import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRefoldError } from '@refold/graph';
import { folderInUse, unwritable } from '../errors.js';
import { nodeFileSystem, writeAtomically, writeFailure } from './atomic-file.js';

/** A file of the folder, its bytes in parts. */
export interface FolderFile {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

/** Folders that may be replaced. */
export interface FolderKind {
  /** The file by which folders of this kind are known. */
  readonly mark: string;
  /** Whether a file of this name is part of such a folder. Others are not ours to delete. */
  owns(name: string): boolean;
}

/**
 * Writes a folder as a whole or not at all: every file into a folder with a temporary name beside it, synced, then a
 * rename. A folder that is there already is replaced only where it is empty or of the same kind and holds nothing else; a
 * reader sees the old one, for the blink between two renames none, or the new one. After a failure
 * the old one is back and nothing else is left.
 *
 * @returns bytes of all files
 * @throws RefoldError `RF-FILE-FOLDER` when something else is there, `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeFolderAtomically(
  folder: string,
  kind: FolderKind,
  files: readonly FolderFile[],
): Promise<number> {
  const parent = dirname(folder);
  // Not called the same: who cleans up after a killed process must not take an old folder for a new one.
  const beside = (ending: string) =>
    join(parent, `.${basename(folder)}.${randomBytes(6).toString('hex')}.${ending}`);
  await requireReplaceable(folder, kind);
  const [fresh, old] = [beside('refold-tmp'), beside('refold-old')];
  try {
    await mkdir(fresh);
    let bytes = 0;
    for (const { name, parts } of files) {
      bytes += await writeAtomically(join(fresh, name), async (sink) => {
        for (const part of parts) await sink(part);
      });
    }
    const replaces = await rename(folder, old).then(() => true, isMissing);
    try {
      await rename(fresh, folder);
    } catch (error) {
      if (replaces) await rename(old, folder);
      throw error;
    }
    await nodeFileSystem.syncFolder(parent);
    await rm(old, { recursive: true, force: true });
    return bytes;
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    // What writeAtomically says names the temporary folder, which the user never saw.
    const cause = isRefoldError(error) && error.cause !== undefined ? error.cause : error;
    throw writeFailure(folder, cause);
  }
}

async function requireReplaceable(folder: string, { mark, owns }: FolderKind): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw folderInUse(folder, mark, 'a file');
    throw unwritable(folder, error);
  }
  const others = names.filter((name) => !owns(name));
  if (names.length > 0 && (!names.includes(mark) || others.length > 0)) {
    const shown = (others.length > 0 ? others : names).slice(0, 3).join(', ');
    throw folderInUse(folder, mark, `a folder with ${shown}`);
  }
}

function isMissing(error: unknown): false {
  if ((error as { code?: string }).code === 'ENOENT') return false;
  throw error;
}
