import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunPosition } from '@refold/core';
import { readModelFile } from '@refold/formats';
import { isRefoldError } from '@refold/graph';
import { inFolder } from './prepare-folder.js';

const NAME = /^epoch-(\d{4,})-step-(\d{6,})\.safetensors$/;

/** Name of the checkpoint that holds the best validation. */
export const BEST_NAME = 'best.safetensors';

/** Folder of a run's checkpoints. */
export function checkpointFolder(outputDir: string): string {
  return path.join(outputDir, 'checkpoints');
}

/** `epoch-0012-step-000840.safetensors`: whole epochs done and updates made. Sorts by age. */
export function checkpointName({ epoch, step }: RunPosition): string {
  return `epoch-${String(epoch).padStart(4, '0')}-step-${String(step).padStart(6, '0')}.safetensors`;
}

/** Numbered checkpoints of a folder, newest first; none where the folder is missing. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const numbered = names.filter((name) => NAME.test(name));
  numbered.sort((a, b) => stepOf(b) - stepOf(a) || (a < b ? 1 : -1));
  return numbered.map((name) => path.join(folder, name));
}

/**
 * Removes all but the newest `keep` checkpoints.
 *
 * @throws RefoldError `RF-CHECKPOINT-FOLDER`
 */
export async function prune(folder: string, keep: number): Promise<void> {
  const old = (await listCheckpoints(folder)).slice(keep);
  await inFolder(folder, () => Promise.all(old.map((file) => rm(file, { force: true }))));
}

/**
 * Renames to `superseded-…` what an earlier run left beyond the step at which this one starts: otherwise those files
 * would count as the newest, and a later `resume` would go on from them. So it does with a best that is from beyond,
 * cannot be read, or is of the run before one that starts afresh. Nothing is deleted or overwritten.
 *
 * @returns names of the files set aside
 * @throws RefoldError `RF-CHECKPOINT-FOLDER`
 */
export async function setAsideLater(
  folder: string,
  step: number,
  fresh: boolean,
): Promise<readonly string[]> {
  return inFolder(folder, async () => {
    const names = new Set(await readdir(folder));
    const later = [...names].filter((name) => NAME.test(name) && stepOf(name) > step);
    if (names.has(BEST_NAME) && (fresh || (await stepOfBest(folder)) > step)) later.push(BEST_NAME);
    for (const name of later) {
      const free = freeName(name, names);
      await rename(path.join(folder, name), path.join(folder, free));
      names.add(free);
    }
    return later;
  });
}

/** `superseded-best.safetensors`; `superseded-2-best.safetensors` where that is taken. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = `superseded-${name}`;
  for (let count = 2; taken.has(free); count++) free = `superseded-${count}-${name}`;
  return free;
}

/** Infinity where it cannot be told. */
async function stepOfBest(folder: string): Promise<number> {
  try {
    return (await readModelFile(path.join(folder, BEST_NAME))).position?.step ?? Infinity;
  } catch (error) {
    if (!isRefoldError(error)) throw error;
    return Infinity;
  }
}

function stepOf(name: string): number {
  return Number(NAME.exec(name)?.[2]);
}
