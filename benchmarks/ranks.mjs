/**
 * One rank and two on one machine, each on a core of its own, and the all-reduce beside a loop in C on the same MPI, as a
 * section of docs/performance.md. Needs Open MPI with mpicc.
 *
 *     node benchmarks/ranks.mjs [--resolutions 64,224] [--batch 32] [--rounds 3] [--steps 8] [--dry]
 *
 * `--steps` are those at 224 px; smaller images get more, or what one rank loses to the machine in a step would weigh more.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { predictScaling } from '@refold/core';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    resolutions: { type: 'string', default: '64,224' },
    batch: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '8' },
    dry: { type: 'boolean', default: false },
  },
});
const resolutions = flags.resolutions.split(',').map(Number);
const [batchSize, rounds, steps] = ['batch', 'rounds', 'steps'].map((key) => Number(flags[key]));
/** Floats of RepVGG-A0's gradients, with a head of 1,000 classes. */
const COUNT = 9_130_000;
const TURNS = 20;

const folder = mkdtempSync(join(tmpdir(), 'refold-ranks-'));
let inC;
let ours;
let empty;
let shared;
try {
  const program = join(folder, 'allreduce');
  execFileSync('mpicc', ['-O2', join(import.meta.dirname, 'allreduce.c'), '-o', program]);
  [inC, ours, empty, shared] = alternate(
    () => mpirun(2, [program, String(COUNT), String(TURNS)]),
    () => rank(2, { work: 'all-reduce', count: COUNT, turns: TURNS }),
    () => rank(2, { work: 'all-reduce', count: 1, turns: TURNS }),
    () => rank(2, { work: 'shared-sum', count: COUNT, turns: TURNS }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
/** α and β of the model, from the same all-reduce of one number and of all. */
const latencyMs = median(empty.flat()) / 2;
const bandwidth = (1000 * 4 * COUNT) / (median(ours.flat()) - 2 * latencyMs);

const rows = [];
for (const resolution of resolutions) {
  const job = { work: 'training', resolution, batchSize, steps: stepsAt(resolution) };
  const [one, two, each] = alternate(
    () => rank(1, job),
    () => rank(2, job),
    () => rank(2, { ...job, sums: false }),
  );
  const all = (readings, key) => readings.flatMap((reading) => reading[key]);
  const [alone, together] = [all(one, 'msPerStep'), all(two, 'msPerStep')];
  const waiting = all(two, 'waitMs').map((wait, i) => wait / together[i]);
  const meanwhile = all(two, 'meanwhile');
  const part = (key) => median(all(one, key));
  const step = {
    ...{ forwardMs: part('forwardMs'), backwardMs: part('backwardMs') },
    ...{ updateMs: part('updateMs'), bucketBytes: one[0].bucketBytes },
  };
  const { stepMs } = predictScaling(step, 2, { bandwidth, latencyMs });
  const times = (of, ms = together) => ((2 * of(alone)) / of(ms)).toFixed(2);
  const apart = all(each, 'msPerStep');
  rows.push([
    ...[`${resolution} px`, least(alone).toFixed(0), least(together).toFixed(0)],
    ...[times(least), times(median), `${times(least, apart)} (${times(median, apart)})`],
    `${(100 * median(waiting)).toFixed(1)} %`,
    meanwhile.length > 0 ? `${(100 * mean(meanwhile)).toFixed(0)} %` : '–',
    ...[median(together).toFixed(0), stepMs.toFixed(0)],
  ]);
}
const library = execFileSync('mpirun', ['--version'], { encoding: 'utf8' }).split('\n')[0];
const table = [
  '| repvgg_a0 | 1 rank, ms | 2 ranks, ms | images/s, × 1 rank (best) | × 1 rank (medians) | without sums | of a step spent waiting | of the sums beside the pass | 2 ranks, median ms | predicted ms |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ...rows.map((cells) => `| ${cells.join(' | ')} |`),
].join('\n');
const readings = resolutions.map((px) => `${stepsAt(px)} steps at ${px} px`);
const text = [
  `${cpus().length} cores (${cpus()[0].model.trim()}), ${library}, onednn in float32 with one thread and core for each rank, ${batchSize} images a rank, ${rounds} alternating rounds of ${readings.join(' and ')}. Without sums each rank trains for itself: what the cores take from each other.`,
  table,
  `All-reduce of ${(COUNT / 1e6).toFixed(2)} M floats on two ranks: ${least(ours.flat()).toFixed(1)} ms at best, ${median(ours.flat()).toFixed(1)} in the median; a loop in C (osu_allreduce's) ${least(inC.flat()).toFixed(1)} and ${median(inC.flat()).toFixed(1)}: ${(least(ours.flat()) / least(inC.flat())).toFixed(2)} and ${(median(ours.flat()) / median(inC.flat())).toFixed(2)} ×. Of as many in memory that both share, as in training here: ${least(shared.flat()).toFixed(1)} ms at best, ${median(shared.flat()).toFixed(1)} in the median.`,
  `Predicted by the model of \`refold plan --nodes\` from one rank's step, with α = ${(1000 * latencyMs).toFixed(0)} µs and β = ${(bandwidth / 1e9).toFixed(1)} GB/s of that all-reduce, as between machines. It leaves out that the exchange takes time of the core that computes.`,
].join('\n\n');
process.stdout.write(`${text}\n`);
if (!flags.dry) {
  await writeBetweenMarkers('ranks', text, {
    title: 'Several ranks',
    intro:
      '`node benchmarks/ranks.mjs`: the same network on one core and on two, see [distributed.md](distributed.md).',
    after: ['scaling', 'throughput'],
  });
}

function stepsAt(resolution) {
  return Math.round((steps * 224) / resolution);
}

function alternate(...programs) {
  const readings = programs.map(() => []);
  for (let round = 0; round < rounds; round++)
    programs.forEach((run, i) => readings[i].push(run()));
  return readings;
}

function rank(count, job) {
  return mpirun(count, [
    process.execPath,
    join(import.meta.dirname, 'run-rank.mjs'),
    JSON.stringify(job),
  ]);
}

function mpirun(count, program) {
  const root = process.getuid?.() === 0 ? ['--allow-run-as-root'] : [];
  const args = [...root, '-n', String(count), '--map-by', 'core', '--bind-to', 'core', ...program];
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const said = execFileSync('mpirun', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  return JSON.parse(said.trim().split('\n').at(-1));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function least(values) {
  return Math.min(...values);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
