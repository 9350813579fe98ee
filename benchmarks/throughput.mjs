/**
 * Ours against PyTorch + timm, alternating in one run, as a table in docs/performance.md.
 *
 *     node benchmarks/throughput.mjs [--models repvgg_a0,mobileone_s0] [--works training,fused] [--devices onednn,tfjs-node]
 *                                    [--rounds 3] [--steps 3] [--resolution 224] [--batch 32] [--channels-last] [--dry]
 *
 * What is measured replaces the same models, works and programs of this processor in results/throughput.json; the table
 * shows all of it.
 * `--channels-last` adds PyTorch with images and weights in that layout; ratios stay those to its default layout.
 * `--dry` prints the table of this run alone and writes nothing.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { deviceInfo, pytorchVersion, runOurs, runPytorch } from './run-job.mjs';
import { mergeResults } from './throughput-results.mjs';
import { throughputTable } from './throughput-table.mjs';
import { chosenWorks, works } from './works.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 'repvgg_a0' },
    works: { type: 'string', default: Object.keys(works).join(',') },
    devices: { type: 'string', default: 'onednn,tfjs-node' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '3' },
    resolution: { type: 'string', default: '224' },
    batch: { type: 'string', default: '32' },
    'channels-last': { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
});
const [rounds, steps, resolution, batch] = ['rounds', 'steps', 'resolution', 'batch'].map((key) =>
  Number(flags[key]),
);
const names = chosenWorks(flags.works);
const threads = cpus().length;
const programs = flags.devices.split(',').flatMap((device) => {
  const info = deviceInfo(device);
  if (!info) return [];
  const { library, precisions } = info;
  return [{ name: device, library, precisions, run: (job) => runOurs({ ...job, device }) }];
});
const torch = pytorchVersion();
if (torch) {
  const precisions = ['float32', 'bfloat16'];
  const library = torch;
  programs.push({ name: 'PyTorch', library, precisions, run: runPytorch });
  if (flags['channels-last']) {
    const run = (job) => runPytorch({ ...job, channelsLast: true });
    programs.push({ name: 'PyTorch (channels last)', library, precisions, run });
  }
}

const entries = [];
for (const model of flags.models.split(',')) {
  for (const work of names) {
    entries.push(...measure(model, work));
    // As it goes, so that a run that is cut short leaves what it has measured.
    if (!flags.dry) mergeResults(entries);
  }
}
const table = throughputTable(flags.dry ? entries : mergeResults(entries));
process.stdout.write(`${table}\n`);
if (!flags.dry) await writeBetweenMarkers('throughput', table);

/** All programs take turns; each reading is a process of its own. @returns an entry for each program */
function measure(model, work) {
  const { kind, precision, batchSize: usual } = works[work];
  const batchSize = usual === 1 ? 1 : batch;
  const job = { model, kind, precision, batchSize, resolution, steps, threads };
  const able = programs.filter(({ precisions }) => precisions.includes(precision));
  const readings = able.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, program] of able.entries()) {
      process.stderr.write(`${model}, ${work}, round ${round + 1}: ${program.name}\n`);
      readings[i].push(program.run(job));
    }
  }
  const summaries = readings.map((all) => summary(all, batchSize));
  const reference = summaries[able.findIndex(({ name }) => name === 'PyTorch')];
  const conditions = { date: new Date().toISOString().slice(0, 10), ...machine() };
  return able.map(({ name, library }, i) => {
    const how = { library, batchSize, resolution, precision, rounds, steps };
    const ratios = ratiosTo(reference, summaries[i]);
    return { model, work, program: name, ...how, ...summaries[i], ratios, ...conditions };
  });
}

function summary(readings, batchSize) {
  const ms = readings.flatMap(({ msPerStep }) => msPerStep).sort((a, b) => a - b);
  const [minMs, medianMs] = [ms[0], ms[Math.floor(ms.length / 2)]];
  return {
    minMs,
    medianMs,
    bestImagesPerSecond: (1000 * batchSize) / minMs,
    medianImagesPerSecond: (1000 * batchSize) / medianMs,
    firstStepSeconds: Math.min(...readings.map((one) => one.firstStepSeconds)),
    peakMemoryBytes: Math.max(...readings.map((one) => one.peakMemoryBytes)),
  };
}

/** Speeds as multiples of PyTorch's, time to the first step and memory as parts of its; null without it. */
function ratiosTo(reference, own) {
  if (!reference) return null;
  return {
    speedByMin: reference.minMs / own.minMs,
    speedByMedian: reference.medianMs / own.medianMs,
    firstStep: own.firstStepSeconds / reference.firstStepSeconds,
    peakMemory: own.peakMemoryBytes / reference.peakMemoryBytes,
  };
}

function machine() {
  return { cpu: cpus()[0].model.trim(), cores: threads, node: process.version };
}
