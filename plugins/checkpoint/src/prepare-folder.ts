import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeTemporaries } from '@refold/formats';
import { folderUnusable } from './errors.js';

/**
 * Makes the folder of checkpoints, rids it of what killed writers left, and tries to write there: better to learn
 * before the first epoch than after it.
 *
 * @throws RefoldError `RF-CHECKPOINT-FOLDER`
 */
export async function prepareFolder(folder: string): Promise<void> {
  await inFolder(folder, async () => {
    await mkdir(folder, { recursive: true });
    await removeTemporaries(folder);
    // Named as a temporary file, so that the next run removes it where this one is killed here.
    const probe = path.join(folder, `.probe.${randomBytes(6).toString('hex')}.refold-tmp`);
    await writeFile(probe, 'x', { flag: 'wx' });
    await rm(probe, { force: true });
  });
}

/**
 * Does something to the folder of checkpoints; what the file system refuses is a mistake of the user.
 *
 * @throws RefoldError `RF-CHECKPOINT-FOLDER`; anything else that `work` throws as it is
 */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refused = typeof (error as { syscall?: unknown } | null)?.syscall === 'string';
    throw refused ? folderUnusable(folder, error) : error;
  }
}
