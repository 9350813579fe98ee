import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunPosition } from '@refold/core';

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

/** Removes all but the newest `keep` checkpoints. */
export async function prune(folder: string, keep: number): Promise<void> {
  const old = (await listCheckpoints(folder)).slice(keep);
  await Promise.all(old.map((file) => rm(file, { force: true })));
}

/**
 * Renames to `superseded-…` what an earlier run left beyond the step at which this one starts: otherwise those files
 * would count as the newest, and a later `resume` would go on from them. A run that starts afresh has no best yet,
 * so the earlier one's goes the same way. Nothing is deleted.
 *
 * @returns names of the files set aside
 */
export async function setAsideLater(
  folder: string,
  step: number,
  fresh: boolean,
): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const later = names.filter((name) =>
    name === BEST_NAME ? fresh : NAME.test(name) && stepOf(name) > step,
  );
  for (const name of later) {
    await rename(path.join(folder, name), path.join(folder, `superseded-${name}`));
  }
  return later;
}

function stepOf(name: string): number {
  return Number(NAME.exec(name)?.[2]);
}
