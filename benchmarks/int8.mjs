/**
 * What eight bits cost and give: trains configs/imagenette.yaml with the blocks of RepVGG and of QARepVGG, quantises both
 * by every method, and measures inference of whole networks in float32, bfloat16 and int8, taking turns.
 *
 *     node benchmarks/int8.mjs --data-dir /path/to/imagenette [--output-dir runs/int8] [--rounds 12] [--write]
 *
 * A training that is in the output folder already is not repeated. `--write` puts the figures into docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadNetwork, openDevice, openPlugins, randomBatch } from './open-network.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    'output-dir': { type: 'string', default: 'runs/int8' },
    rounds: { type: 'string', default: '12' },
    write: { type: 'boolean', default: false },
  },
});
if (!flags['data-dir']) throw new Error('Expected --data-dir with train/ and val/.');
const root = join(import.meta.dirname, '..');
const blocks = ['repvgg', 'qarepvgg'];
const methods = ['max', 'percentile', 'mse'];
const precisions = ['float32', 'bfloat16', 'int8'];

const accuracy = blocks.flatMap((block) => {
  const model = trained(block);
  return methods.map((method) => ({ block, method, ...quantised(block, model, method) }));
});
const speed = [];
for (const [model, batchSize] of [
  ['repvgg_a0', 32],
  ['repvgg_a0', 1],
  ['mobileone_s0', 32],
]) {
  speed.push(await timed(model, batchSize));
}
const page = markdown();
process.stdout.write(`${page}\n`);
if (flags.write) {
  await writeBetweenMarkers('int8', page, {
    title: 'Eight bits',
    intro:
      '`node benchmarks/int8.mjs`: what [int8](guides/int8.md) costs in accuracy, and what it gives in speed.',
    after: ['gradient-error', 'learning-curve-onednn', 'throughput'],
  });
}

/** The train document of a block's training, made once. */
function trained(block) {
  const folder = resolve(root, `${flags['output-dir']}-${block}`);
  const note = join(folder, 'train.json');
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8'));
  const config = ['-c', join(root, 'configs/imagenette.yaml'), '--data-dir', flags['data-dir']];
  const document = refold(
    ...['train', ...config, '--model.block', block, '--output-dir', folder, '--device', 'onednn'],
  );
  writeFileSync(note, JSON.stringify(document));
  return document;
}

function quantised(block, { fused }, method) {
  const output = resolve(root, `${flags['output-dir']}-${block}`, `${method}.safetensors`);
  const data = ['--data-dir', flags['data-dir'], '--device', 'onednn'];
  return refold('quantise', fused, '-o', output, '--method', method, ...data);
}

function refold(...args) {
  const bin = join(root, 'packages/cli/bin/refold.js');
  const stdio = ['ignore', 'pipe', 'inherit'];
  return JSON.parse(execFileSync('node', [bin, ...args, '--json'], { encoding: 'utf8', stdio }));
}

/** Milliseconds of a batch at 224 px in each precision, which take turns. */
async function timed(model, batchSize) {
  const device = await openDevice('onednn');
  const plugins = await openPlugins(model);
  const steps = [];
  for (const precision of precisions) {
    const job = { kind: 'fused', batchSize, resolution: 224, precision };
    steps.push((await loadNetwork(device, plugins, job)).step);
  }
  const batch = randomBatch(batchSize, 224);
  const times = precisions.map(() => []);
  for (let round = -2; round < Number(flags.rounds); round++) {
    for (const [i, step] of steps.entries()) {
      const from = performance.now();
      await step(batch);
      if (round >= 0) times[i].push(performance.now() - from);
    }
  }
  const { library } = device.info;
  await device.close();
  const sorted = times.map((all) => all.toSorted((a, b) => a - b));
  return {
    ...{ model, batchSize, library },
    best: sorted.map(([first]) => first),
    median: sorted.map((all) => all[Math.floor(all.length / 2)]),
  };
}

function markdown() {
  const worst = (layers) => layers.reduce((a, b) => (a.relError > b.relError ? a : b));
  const rows = accuracy.map(({ block, method, top1, images, layers, calibrationImages }) => {
    const { name, relError, sqnrDb } = worst(layers);
    const logits = layers.at(-1);
    return [
      ...[block, method, calibrationImages, images, top1.before.toFixed(2), top1.after.toFixed(2)],
      (top1.before - top1.after).toFixed(2),
      `${name}: ${relError.toFixed(3)} (${sqnrDb.toFixed(1)} dB)`,
      `${logits.relError.toFixed(3)} (${logits.sqnrDb.toFixed(1)} dB)`,
    ];
  });
  const times = speed.flatMap(({ model, batchSize, best, median }) =>
    precisions.map((precision, i) => [
      ...[model, batchSize, precision, best[i].toFixed(2), median[i].toFixed(2)],
      ((1000 * batchSize) / best[i]).toFixed(0),
      ...[(best[0] / best[i]).toFixed(2), (median[0] / median[i]).toFixed(2)],
    ]),
  );
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${date}, ${cpus().length} cores (${cpus()[0].model.trim()}), ${speed[0].library}`;
  return [
    'RepVGG-A0 on ten classes at 64 px (configs/imagenette.yaml), fused, on the whole validation split. The worst value',
    'and the logits are told by their error relative to float32 (and signal to noise) on 32 images.',
    '',
    table(
      ['blocks', 'ranges by', 'calibration images', 'images', 'float32 top-1 %', 'int8 top-1 %'],
      ['drop', 'worst value', 'logits'],
      rows,
    ),
    '',
    `Inference of fused networks at 224 px; precisions take turns, ${flags.rounds} rounds. ${machine}.`,
    '',
    table(
      ['model', 'batch', 'precision', 'ms best', 'ms median', 'img/s best', '× float32 (best)'],
      ['× float32 (medians)'],
      times,
    ),
  ].join('\n');
}

function table(some, more, rows) {
  const header = [...some, ...more];
  return [header, header.map(() => '---'), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}
