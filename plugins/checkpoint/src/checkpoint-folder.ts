import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunPosition } from '@refold/core';

const NAME = /^epoch-(\d{4,})-step-(\d{6,})\.safetensors$/;

/** Name of the checkpoint that also holds the best validation. */
export const BEST_NAME = 'best.safetensors';

/** Folder of a run's checkpoints. */
export function checkpointFolder(outputDir: string): string {
  return path.join(outputDir, 'checkpoints');
}

/** `epoch-0012-step-000840.safetensors`: whole epochs done and updates made. Sorts by age. */
export function checkpointName({ epoch, step }: RunPosition): string {
  return `epoch-${String(epoch).padStart(4, '0')}-step-${String(step).padStart(6, '0')}.safetensors`;
}

/** Checkpoints of a folder, newest first; none where the folder is missing. `best` is not among them. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const numbered = names.flatMap((name) => {
    const match = NAME.exec(name);
    return match ? [{ name, step: Number(match[2]) }] : [];
  });
  numbered.sort((a, b) => b.step - a.step || (a.name < b.name ? 1 : -1));
  return numbered.map(({ name }) => path.join(folder, name));
}

/** Removes all but the newest `keep` checkpoints. */
export async function prune(folder: string, keep: number): Promise<void> {
  const old = (await listCheckpoints(folder)).slice(keep);
  await Promise.all(old.map((file) => rm(file, { force: true })));
}
