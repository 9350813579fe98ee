import type { RunContext, RunState } from '@refold/core';
import { readModelFile, type FilePosition } from '@refold/formats';
import type { NamedTensors } from '@refold/graph';
import { compareGraphs } from './compare-graphs.js';
import { accumulateOf, compareRuns } from './compare-runs.js';
import { notACheckpoint, otherModel, otherOptimizer, otherRun } from './errors.js';

/**
 * The state a checkpoint holds, after making sure that it is of this run's network, samples and classes.
 *
 * @throws RefoldError `RF-FILE-*` for a damaged file, `RF-CHECKPOINT-NOT-ONE`, `RF-CHECKPOINT-OTHER-MODEL`,
 * `RF-CHECKPOINT-OTHER-RUN`, `RF-CHECKPOINT-OTHER-OPTIMIZER`
 */
export async function loadCheckpoint(file: string, run: RunContext): Promise<RunState> {
  const saved = await readModelFile(file);
  if (saved.kind !== 'checkpoint' || !saved.position) throw notACheckpoint(file);
  const differences = compareGraphs(run.graph, saved.graph);
  if (differences.length > 0) throw otherModel(file, run.modelName, saved.model, differences);
  const others = compareRuns(run, saved);
  if (others.length > 0) throw otherRun(file, others);
  await checkSlots(file, run, saved.weights);
  return {
    position: inOurBatches(saved.position, accumulateOf(saved.config), accumulateOf(run.config)),
    tensors: saved.weights,
    best: saved.best as RunState['best'],
  };
}

/** The same place within the epoch, counted in this run's batches where an update takes more or fewer of them. */
function inOurBatches(
  { epoch, batch, step }: FilePosition,
  theirs = 1,
  ours = 1,
): RunState['position'] {
  return { epoch, batch: (batch / theirs) * ours, step };
}

/** Going on exactly needs the very slots of this run's optimizer: others would be dropped or start at zero unnoticed. */
async function checkSlots(file: string, run: RunContext, saved: NamedTensors): Promise<void> {
  const slotsOf = (tensors: NamedTensors): Set<string> =>
    new Set([...tensors.keys()].filter((name) => name.startsWith('optimizer.')));
  const [ours, theirs] = [slotsOf((await run.state()).tensors), slotsOf(saved)];
  if (ours.size !== theirs.size || [...ours].some((name) => !theirs.has(name)))
    throw otherOptimizer(file, ours, theirs);
}
