import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRefoldError } from '@refold/graph';
import { diskFull, folderInUse, unwritable } from '../errors.js';
import { nodeFileSystem, writeAtomically } from './atomic-file.js';

/** A file of the folder, its bytes in parts. */
export interface FolderFile {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

/**
 * Writes a folder as a whole or not at all: every file into a folder with a temporary name beside it, synced, then a
 * rename. A folder that is there already is replaced only where it is empty or holds `mark`, that is, where it is of
 * the same kind; a reader sees the old one, for the blink between two renames none, or the new one. After a failure
 * the old one is back and nothing else is left.
 *
 * @param mark the file by which folders of this kind are known
 * @returns bytes of all files
 * @throws RefoldError `RF-FILE-FOLDER` when something else is there, `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeFolderAtomically(
  folder: string,
  mark: string,
  files: readonly FolderFile[],
): Promise<number> {
  const parent = dirname(folder);
  const temporaryName = () =>
    join(parent, `.${basename(folder)}.${randomBytes(6).toString('hex')}.refold-tmp`);
  await requireReplaceable(folder, mark);
  const [fresh, old] = [temporaryName(), temporaryName()];
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
    const cause = isRefoldError(error) ? error.cause : error;
    const code = (cause as { code?: string } | undefined)?.code;
    throw code === 'ENOSPC' || code === 'EDQUOT'
      ? diskFull(folder, cause)
      : unwritable(folder, cause);
  }
}

async function requireReplaceable(folder: string, mark: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw folderInUse(folder, mark, 'a file');
    throw unwritable(folder, error);
  }
  if (names.length > 0 && !names.includes(mark)) {
    throw folderInUse(folder, mark, `a folder with ${names.slice(0, 3).join(', ')}`);
  }
}

function isMissing(error: unknown): false {
  if ((error as { code?: string }).code === 'ENOENT') return false;
  throw error;
}
