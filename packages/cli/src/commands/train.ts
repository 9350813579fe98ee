import { composeResolved, type RunResult } from '@refold/core';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { ExitCode } from '../exit-code.js';
import { loadConfig } from '../load-config.js';
import { loadStartingWeights } from '../load-starting-weights.js';
import { logEvents } from '../output/event-log.js';
import { stopOnSignals } from '../stop-on-signals.js';
import type { DefineCommand } from './commands.js';

/** `refold train`: trains, validates, and leaves checkpoints and the fused network behind. */
export const trainCommand: DefineCommand = (io, done) =>
  configuredCommand('train', 'Train or fine-tune a network.', [
    'refold train -c configs/imagenette.yaml --data-dir /path/to/imagenette',
    'refold train -c configs/demo.yaml --resume auto',
  ]).action(async (options: CommonOptions, command: { args: string[] }) => {
    const { config } = await loadConfig(io, command.args, options);
    const weights = await loadStartingWeights(config.core.weights, io.cwd);
    const run = composeResolved(config, { baseDir: io.cwd, ...(weights && { weights }) }).start();
    const closeLog = options.events ? logEvents(run.events, options.events, io.cwd) : undefined;
    const release = stopOnSignals(() => run.stop(), io.stderr);
    try {
      const result = await run.done;
      io.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result));
      if (result.interrupted) done(ExitCode.interrupted);
    } finally {
      release();
      closeLog?.();
    }
  });

function describe(result: RunResult): string {
  const percent = (top1: number | null): string => (top1 === null ? '–' : `${top1.toFixed(2)} %`);
  const lines = [
    `${result.interrupted ? 'Interrupted' : 'Done'} after ${result.steps} steps in ${result.seconds.toFixed(1)} s.`,
    `top-1       ${percent(result.finalTop1)} (best ${percent(result.bestTop1)})`,
  ];
  if (result.checkpoint) lines.push(`checkpoint  ${result.checkpoint}`);
  if (result.fused) lines.push(`fused       ${result.fused}`);
  return `${lines.join('\n')}\n`;
}
