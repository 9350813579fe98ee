import { cpus } from 'node:os';
import type { Command } from 'commander';
import { benchmarkJobs, type BenchmarkOptions } from '../benchmark/benchmark-jobs.js';
import type { BenchmarkRow } from '../benchmark/benchmark-row.js';
import { runRow } from '../benchmark/run-row.js';
import { configuredCommand } from '../common-options.js';
import { printTable } from '../output/print-table.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

const NOTES = `
Images are synthetic and weights fresh. Every row is measured in a process of its own, so that its peak memory
(the largest resident memory of that process, Node included) is its own. 'compile' is the time from loading the
network on the device to the end of its first step; neither that step nor those of --warmup are among the timed ones.
ms/step is the median. int8 is inference of fused networks; its ranges are made up, too.
Parameters are given without and with the running statistics of batch norms; tables elsewhere often mean the latter.`;

/** `refold benchmark`: how fast this machine trains and runs networks, as a table. */
export const benchmarkCommand: DefineCommand = (io) =>
  configuredCommand('benchmark', 'Measure speed and memory of networks on this machine.', [
    'refold benchmark --model repvgg_a0,repvgg_a1 --work all',
    'refold benchmark --model mobileone_s0 --form fused --batch-size 1 --device wasm --json',
  ])
    .option(
      '--model <names>',
      "networks, by commas or repeated; default: the configuration's, or repvgg_a0",
      (names: string, before?: string) => (before === undefined ? names : `${before},${names}`),
    )
    .option('--form <form>', 'train or fused; default: every form that the work has')
    .option('--work <work>', 'training, inference or all; default: training')
    .option('--batch-size <n>', "images of a step; default: the configuration's, or 32")
    .option('--resolution <px>', "side of the images; default: the configuration's, or 224")
    .option('--precision <precision>', 'float32, bfloat16 or int8; default: float32')
    .option('--device <name>', 'where; default: the fastest that works here')
    .option('--steps <n>', 'timed steps of each row', '5')
    .option('--warmup <n>', 'further steps before them that are not timed', '0')
    .addHelpText('after', NOTES)
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<BenchmarkOptions>(command, 0);
      const { quiet, json } = given.options;
      const say = (text: string): void => void (quiet || io.stderr.write(text));
      const jobs = await benchmarkJobs(io, given);
      const rows: BenchmarkRow[] = [];
      for (const [index, job] of jobs.entries()) {
        const { use } = job.config['model'] as { use: string };
        say(`${index + 1} / ${jobs.length}: ${use}, ${job.work}, ${job.form} form\n`);
        rows.push(await runRow(job, say));
      }
      io.stdout.write(json ? `${JSON.stringify({ rows })}\n` : describe(rows));
    });

function describe(rows: readonly BenchmarkRow[]): string {
  const millions = (n: number): string => (n / 1e6).toFixed(2);
  const header = [
    ...['model', 'work', 'form', 'params (M)', 'with BN (M)', 'cards', 'batch', 'px'],
    ...['precision', 'device', 'compile s', 'ms/step', 'img/s', 'peak MiB'],
  ];
  const cells = rows.map((row) => [
    ...[row.model, row.work, row.form, millions(row.params), millions(row.params + row.buffers)],
    ...[String(row.cards), String(row.batchSize), String(row.resolution), row.precision],
    ...[row.device, row.compileSeconds.toFixed(1), row.msPerStep.toFixed(2)],
    ...[row.imagesPerSecond.toFixed(2), (row.peakMemoryBytes / 2 ** 20).toFixed(0)],
  ]);
  const libraries = [
    ...new Set(rows.map(({ library, threads }) => `${library}, threads: ${threads}`)),
  ];
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`;
  return `${printTable([header, ...cells])}\n${machine}; ${libraries.join('; ')}.\n`;
}
