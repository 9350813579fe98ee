import path from 'node:path';
import { composeResolved, type RunResult } from '@refold/core';
import type { Command } from 'commander';
import { configuredCommand } from '../common-options.js';
import { ExitCode } from '../exit-code.js';
import { loadConfig } from '../load-config.js';
import { loadStartingWeights } from '../load-starting-weights.js';
import { openReporter } from '../output/open-reporter.js';
import { showsProgress } from '../quietly.js';
import { ofThisRank, withRankLog } from '../rank-options.js';
import { readArguments } from '../read-arguments.js';
import { stopOnSignals } from '../stop-on-signals.js';
import type { DefineCommand } from './commands.js';

/** `refold train`: trains, validates, and leaves checkpoints and the fused network behind. */
export const trainCommand: DefineCommand = (io, done) =>
  configuredCommand('train', 'Train or fine-tune a network.', [
    'refold train -c configs/imagenette.yaml --data-dir /path/to/imagenette',
    'refold train -c configs/demo.yaml --resume auto',
  ]).action(async (_options: unknown, command: Command) => {
    const given = readArguments(command, 0);
    const options = ofThisRank(given.options);
    const config = await loadConfig(io, given, { quiet: options.quiet });
    const weights = await loadStartingWeights(config, io.cwd);
    // Before the run starts: where it cannot be opened, nothing may happen.
    const log = path.resolve(io.cwd, config.core.outputDir);
    const report = openReporter(io, withRankLog(options, log));
    const run = composeResolved(config, { baseDir: io.cwd, ...(weights && { weights }) }).start();
    const told = showsProgress(config.plugins);
    run.events.subscribe((event) => (told ? report.record(event) : report.take(event)));
    const say = (text: string): void => void (options.quiet || io.stderr.write(text));
    const release = stopOnSignals(() => run.stop(), say);
    try {
      const result = await run.done;
      io.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result));
      if (result.interrupted) done(ExitCode.interrupted);
    } finally {
      release();
      report.close();
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
