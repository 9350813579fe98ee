import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RunContext, RunState } from '@refold/core';
import { writeModelFile } from '@refold/formats';
import { checkFinite } from './check-finite.js';
import { BEST_NAME, checkpointFolder, checkpointName, prune } from './checkpoint-folder.js';
import { inFolder } from './prepare-folder.js';

/**
 * Writes the run's state, whole or not at all, reports it, and removes old ones.
 *
 * @returns the file
 * @throws RefoldError `RF-CHECKPOINT-NON-FINITE` (exit 3), `RF-CHECKPOINT-FOLDER`, `RF-FILE-*`; then nothing is written
 */
export async function saveCheckpoint(run: RunContext, keep: number): Promise<string> {
  const folder = checkpointFolder(run.outputDir);
  const state = await run.state();
  const file = path.join(folder, checkpointName(state.position));
  const bytes = await write(run, state, file);
  run.emit({ type: 'checkpoint-saved', path: file, position: state.position, bytes });
  run.report('checkpoint', file);
  await prune(folder, keep);
  return file;
}

/** Writes the run's state as its best so far, over the one before. Throws as {@link saveCheckpoint} does. */
export async function saveBest(run: RunContext): Promise<void> {
  const file = path.join(checkpointFolder(run.outputDir), BEST_NAME);
  const state = await run.state();
  const bytes = await write(run, state, file);
  run.emit({ type: 'checkpoint-saved', path: file, position: state.position, bytes });
}

async function write(run: RunContext, state: RunState, file: string): Promise<number> {
  checkFinite(file, state);
  const folder = path.dirname(file);
  await inFolder(folder, () => mkdir(folder, { recursive: true }));
  return writeModelFile(file, {
    kind: 'checkpoint',
    form: 'train',
    model: run.modelName,
    graph: run.graph,
    weights: state.tensors,
    classes: run.dataset.classes,
    preprocessing: run.dataset.preprocessing,
    config: run.config,
    position: { ...state.position, replicas: run.device.group.size },
    best: state.best as Record<string, unknown> | null,
  });
}
