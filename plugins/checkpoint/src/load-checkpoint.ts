import { readModelFile } from '@refold/formats';
import type { RunContext, RunState } from '@refold/core';
import { compareGraphs } from './compare-graphs.js';
import { notACheckpoint, otherModel } from './errors.js';

/**
 * The state a checkpoint holds, after making sure that it is of this run's network.
 *
 * @throws RefoldError `RF-FILE-*` for a damaged file, `RF-CHECKPOINT-NOT-ONE`, `RF-CHECKPOINT-OTHER-MODEL`
 */
export async function loadCheckpoint(file: string, run: RunContext): Promise<RunState> {
  const saved = await readModelFile(file);
  if (saved.kind !== 'checkpoint' || !saved.position) throw notACheckpoint(file);
  const differences = compareGraphs(run.graph, saved.graph);
  if (differences.length > 0) throw otherModel(file, run.modelName, saved.model, differences);
  return {
    position: saved.position,
    tensors: saved.weights,
    best: saved.best as RunState['best'],
  };
}
