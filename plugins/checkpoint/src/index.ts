import path from 'node:path';
import { Callback, definePlugin, type RefoldEvent, type RunContext } from '@refold/core';
import { z } from 'zod';
import { checkpointFolder, setAsideLater } from './checkpoint-folder.js';
import { loadCheckpoint } from './load-checkpoint.js';
import { newestGoodCheckpoint } from './newest-good-checkpoint.js';
import { prepareFolder } from './prepare-folder.js';
import { saveBest, saveCheckpoint } from './save-checkpoint.js';

const schema = z.strictObject({
  keep: z.number().int().positive().default(10).describe('Newest checkpoints that are kept.'),
  everyEpochs: z
    .number()
    .int()
    .nonnegative()
    .default(1)
    .describe('Epochs from one checkpoint to the next; 0: none at the end of epochs.'),
  everySteps: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('Updates from one checkpoint to the next; 0: none between epochs.'),
  best: z.boolean().default(true).describe('Also keep the one with the highest top-1.'),
});

/** Checkpoints in `<outputDir>/checkpoints`, and exact resume from them. */
export default definePlugin({
  name: '@refold/plugin-checkpoint',
  apiVersion: 1,
  section: 'checkpoint',
  options: schema,
  setup({ options, provide }) {
    provide(Callback, { create: ({ host }) => checkpoints(options, host.baseDir) });
  },
});

function checkpoints(
  { keep, everyEpochs, everySteps, best }: z.output<typeof schema>,
  baseDir: string,
): Callback {
  let savedStep = -1;
  const isRoot = (run: RunContext): boolean => run.device.group.rank === 0;
  const save = async (run: RunContext): Promise<void> => {
    savedStep = run.position.step;
    // On several replicas the state is read together.
    if (isRoot(run)) await saveCheckpoint(run, keep);
    else await run.state();
  };
  return {
    name: 'checkpoint',
    restore: (run, from) =>
      from === 'auto'
        ? newestGoodCheckpoint(run)
        : loadCheckpoint(path.resolve(baseDir, from), run),
    async runStarting(run) {
      if (!isRoot(run)) return;
      const folder = checkpointFolder(run.outputDir);
      await prepareFolder(folder);
      const { step } = run.position;
      const later = await setAsideLater(folder, step, step === 0 && run.best === null);
      if (later.length > 0) run.emit(supersededWarning(folder, later));
    },
    async stepEnded(run) {
      if (everySteps > 0 && run.position.step % everySteps === 0) await save(run);
    },
    async validated(run, validation) {
      if (!best || run.best !== validation) return;
      if (isRoot(run)) await saveBest(run);
      else await run.state();
    },
    async epochEnded(run, epoch) {
      const last = epoch + 1 === run.epochs;
      if (everyEpochs > 0 && (last || (epoch + 1) % everyEpochs === 0)) await save(run);
    },
    checkpointRequested: (run) => save(run),
    async runEnded(run) {
      // A run that ends by maxSteps, or keeps none at epochs, still leaves its last state behind.
      if (savedStep !== run.position.step) await save(run);
    },
  };
}

function supersededWarning(folder: string, names: readonly string[]): RefoldEvent {
  const several = names.length > 1 ? `${names.length} checkpoints` : 'A checkpoint';
  return {
    type: 'warned',
    code: 'RF-CHECKPOINT-SUPERSEDED',
    message: `${several} of an earlier run in ${folder} got the prefix 'superseded-': ${names.join(', ')}.`,
  };
}
