/**
 * Images per second of ours and of PyTorch + timm, alternating in one run, as a table in docs/performance.md.
 *
 *     node benchmarks/throughput.mjs [--rounds 3] [--resolution 224] [--batch 32] [--devices tfjs-node,wasm] [--dry]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    resolution: { type: 'string', default: '224' },
    batch: { type: 'string', default: '32' },
    steps: { type: 'string', default: '3' },
    model: { type: 'string', default: 'repvgg_a0' },
    devices: { type: 'string', default: 'tfjs-node' },
    dry: { type: 'boolean', default: false },
  },
});
const python = process.env.REFOLD_PYTHON ?? 'python3';
const [batchSize, resolution, steps] = [flags.batch, flags.resolution, flags.steps].map(Number);
const threads = cpus().length;
const torch = torchVersion();
const programs = [
  ...flags.devices.split(',').map((device) => ({
    name: device,
    run: (job) => output('node', [file('run-ours.mjs'), JSON.stringify({ ...job, device })]),
  })),
  ...(torch
    ? [{ name: torch, run: (job) => output(python, [file('run-pytorch.py'), JSON.stringify(job)]) }]
    : []),
];

const rows = [];
for (const work of ['training', 'train-form', 'fused']) {
  const job = { model: flags.model, work, batchSize, resolution, steps, threads };
  const readings = programs.map(() => []);
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const [i, program] of programs.entries()) {
      process.stderr.write(`${work}, round ${round + 1}: ${program.name}\n`);
      readings[i].push(program.run(job));
    }
  }
  const summaries = readings.map(summary);
  const reference = torch ? summaries.at(-1) : null;
  programs.forEach(({ name }, i) => rows.push({ work, name, ...summaries[i], reference }));
}
const table = markdown(rows);
process.stdout.write(`${table}\n`);
if (!flags.dry) writeBetweenMarkers('throughput', table);

function summary(readings) {
  const ms = readings.flatMap(({ msPerStep }) => msPerStep).sort((a, b) => a - b);
  return {
    minMs: ms[0],
    medianMs: ms[Math.floor(ms.length / 2)],
    firstStepSeconds: Math.min(...readings.map((r) => r.firstStepSeconds)),
    peakMemoryBytes: Math.max(...readings.map((r) => r.peakMemoryBytes)),
  };
}

function markdown(all) {
  const perSecond = (ms) => ((1000 * batchSize) / ms).toFixed(1);
  const header = [
    `${flags.model}, ${resolution} px, batch ${batchSize}, float32, ${threads} cores (${cpus()[0].model.trim()}), Node ${process.version}, ${flags.rounds} alternating rounds of ${steps} steps. ${torch ? '' : 'PyTorch was not installed.'}`,
    '',
    '| work | program | img/s best | img/s median | × PyTorch (medians) | × PyTorch (best) | first step s | peak MiB |',
    '|---|---|---|---|---|---|---|---|',
  ];
  const body = all.map((row) => {
    const ratio = (key) => (row.reference ? (row.reference[key] / row[key]).toFixed(2) : '–');
    const cells = [row.work, row.name, perSecond(row.minMs), perSecond(row.medianMs)];
    cells.push(ratio('medianMs'), ratio('minMs'), row.firstStepSeconds.toFixed(1));
    cells.push((row.peakMemoryBytes / 2 ** 20).toFixed(0));
    return `| ${cells.join(' | ')} |`;
  });
  return [...header, ...body].join('\n');
}

function output(command, args) {
  const text = execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(text.trim().split('\n').at(-1));
}

function torchVersion() {
  const code =
    'import torch, timm; print(f"PyTorch {torch.__version__} + timm {timm.__version__}")';
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

function file(name) {
  return join(import.meta.dirname, name);
}
