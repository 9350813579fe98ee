import { existsSync } from 'node:fs';
import path from 'node:path';
import type { RunContext, RunState } from '@refold/core';
import { isRefoldError } from '@refold/graph';
import { BEST_NAME, checkpointFolder, listCheckpoints } from './checkpoint-folder.js';
import { loadCheckpoint } from './load-checkpoint.js';

/**
 * The newest checkpoint of the run's folder that can be read; the best one where no other can. A damaged one is
 * skipped with a warning that names it; one of another network fails the run, since going back would not mend that.
 *
 * @returns null, with a warning, where there is none
 */
export async function newestGoodCheckpoint(run: RunContext): Promise<RunState | null> {
  const folder = checkpointFolder(run.outputDir);
  const files = [...(await listCheckpoints(folder)), path.join(folder, BEST_NAME)];
  for (const file of files.filter((one) => existsSync(one))) {
    try {
      return await loadCheckpoint(file, run);
    } catch (error) {
      if (!isRefoldError(error) || !error.code.startsWith('RF-FILE-')) throw error;
      run.emit({
        type: 'warned',
        code: 'RF-CHECKPOINT-DAMAGED',
        message: `A damaged checkpoint is skipped. ${error.code}: ${error.message}`,
      });
    }
  }
  run.emit({
    type: 'warned',
    code: 'RF-CHECKPOINT-NONE',
    message: `There is no checkpoint to resume from in ${folder}; the run starts afresh.`,
  });
  return null;
}
