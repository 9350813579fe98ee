import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { externalName } from '@refold/formats';
import { fileNotWritable } from '../errors.js';

/**
 * Gives a file in a new folder beside the output, and a function that moves it (and its weights) to the output's place; the
 * folder is gone afterwards. So nothing unproved is ever where somebody may take it for the result.
 */
export async function inFolderBeside<T>(
  output: string,
  work: (file: string, publish: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const there = await stat(output).catch(() => null);
  if (there?.isDirectory()) throw fileNotWritable('--output', output, new Error('it is a folder'));
  const prefix = path.join(path.dirname(output), `.${path.basename(output)}.refold-tmp-`);
  const folder = await mkdtemp(prefix).catch((error: unknown) => {
    throw fileNotWritable('--output', output, error);
  });
  try {
    const file = path.join(folder, path.basename(output));
    return await work(file, () => moveTo(output, file, path.join(folder, externalName(output))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function moveTo(output: string, file: string, weights: string): Promise<void> {
  try {
    const external = await stat(weights).catch(() => null);
    if (external) {
      await rename(weights, path.join(path.dirname(output), externalName(output)));
    }
    await rename(file, output);
  } catch (error) {
    throw fileNotWritable('--output', output, error);
  }
}
