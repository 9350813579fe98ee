import path from 'node:path';
import { readWeights } from '@refold/formats';
import type { NamedTensors } from '@refold/graph';

/** Weights named by the configuration's `weights`, from a Refold file or plain safetensors; null where none are named. */
export async function loadStartingWeights(
  file: string | null,
  cwd: string,
): Promise<NamedTensors | null> {
  return file === null ? null : readWeights(path.resolve(cwd, file));
}
