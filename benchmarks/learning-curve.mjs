/**
 * Trains configs/imagenette.yaml, validates both forms image by image, and puts the learning curve beside the
 * reference's into docs/performance.md, a section for each device.
 *
 *     node benchmarks/learning-curve.mjs --data-dir /path/to/imagenette [--seeds 42,1] [--device auto] [--dry]
 *     node benchmarks/learning-curve.mjs --merge FILE…
 *
 * Curves are kept in results/learning-curve.json, from which the table over all seeds is made. `--merge` only adds some: lines
 * of reference-curve.py, or events of `refold train -c configs/imagenette.yaml --seed N --events N.jsonl`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { curveOfEvents, lastEpochs, mergeCurves } from './curve-results.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    merge: { type: 'boolean', default: false },
    'data-dir': { type: 'string' },
    seeds: { type: 'string', default: '42' },
    device: { type: 'string', default: 'auto' },
    dry: { type: 'boolean', default: false },
  },
});
if (flags.merge) {
  await writeLastEpochs(await mergeCurves(positionals.flatMap(curvesOf)));
  process.exit(0);
}
if (!flags['data-dir']) throw new Error('Expected --data-dir with train/ and val/.');

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'refold-curve-'));
/** timm's RepVGG-A0 trained by PyTorch 2.13 with this recipe (two seeds), top-1 by epoch. */
const reference = new Map([
  [1, [10.69, 10.15]],
  [2, [22.0, 23.54]],
  [3, [32.15, 26.62]],
  [4, [34.0, 32.0]],
  [6, [47.85, 40.77]],
  [8, [54.38, 50.77]],
  [10, [58.15, 59.15]],
  [11, [60.15, 60.54]],
  [12, [60.77, 60.08]],
]);

const runs = flags.seeds.split(',').map((seed) => measure(seed));
rmSync(folder, { recursive: true });
const page = markdown(runs);
process.stdout.write(`${page}\n`);
if (!flags.dry) {
  await writeBetweenMarkers(`learning-curve-${runs[0].events[0].device}`, page, {
    title: `The learning curve on ${runs[0].events[0].device}`,
    intro: 'The same recipe and script.',
    after: ['learning-curve-tfjs-node'],
  });
  const curves = runs.map(({ seed, events }) => curveOfEvents(events, seed));
  await writeLastEpochs(await mergeCurves(curves));
}

function curvesOf(file) {
  const lines = linesOf(file);
  return lines[0].type ? [curveOfEvents(lines, basename(file, '.jsonl'))] : lines;
}

function linesOf(file) {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

function writeLastEpochs(curves) {
  return writeBetweenMarkers('learning-curves', lastEpochs(curves), {
    title: 'Learning curves over many seeds',
    intro:
      'After the last epoch of the same recipe, on each program (`python benchmarks/reference-curve.py` is PyTorch).',
    after: ['learning-curve-onednn', 'learning-curve-tfjs-node'],
  });
}

function measure(seed) {
  const output = join(folder, seed);
  const log = join(folder, `${seed}.jsonl`);
  const common = ['-c', join(root, 'configs/imagenette.yaml'), '--data-dir', flags['data-dir']];
  const device = ['--device', flags.device];
  const outputs = ['--output-dir', output, '--events', log];
  const { fused, checkpoint } = refold('train', ...common, ...device, ...outputs, '--seed', seed);
  const events = linesOf(log);
  const forms = { train: checkpoint, fused };
  const validated = Object.entries(forms).map(([form, file]) => {
    const predictions = join(folder, `${seed}-${form}.jsonl`);
    const options = ['--form', form, '--ckpt-path', file, '--predictions', predictions];
    const document = refold('validate', ...common, ...device, ...options);
    return {
      ...document,
      predictions: readFileSync(predictions, 'utf8').trim().split('\n').map(classOf),
    };
  });
  return { seed, events, validated };
}

/** The image and the class that was predicted, of a line of `--predictions`. */
function classOf(line) {
  const { image, predicted } = JSON.parse(line);
  return `${image} ${predicted}`;
}

function refold(...args) {
  const bin = join(root, 'packages/cli/bin/refold.js');
  const stdio = ['ignore', 'pipe', 'inherit'];
  return JSON.parse(execFileSync('node', [bin, ...args, '--json'], { encoding: 'utf8', stdio }));
}

function markdown(all) {
  const of = ({ events }, type) => events.filter((event) => event.type === type);
  const fixed = (x) => x.toFixed(2);
  const started = of(all[0], 'run-started')[0];
  const rows = of(all[0], 'validated').map(({ epoch }) => {
    const theirs =
      reference
        .get(epoch + 1)
        ?.map(fixed)
        .join(' / ') ?? '';
    const ours = all.map((run) => fixed(of(run, 'validated')[epoch].top1)).join(' / ');
    const loss = all.map((run) => of(run, 'epoch-completed')[epoch].loss.toFixed(3)).join(' / ');
    return `| ${epoch + 1} | ${ours} | ${loss} | ${theirs} |`;
  });
  const seconds = all.flatMap((run) => of(run, 'epoch-completed').map((event) => event.seconds));
  const { images } = of(all[0], 'epoch-completed')[0];
  seconds.sort((a, b) => a - b);
  const pace = (s) => (images / s).toFixed(0);
  return [
    `RepVGG-A0, ten classes, 64 px, on ${started.device} (${started.library}), seeds ${flags.seeds}.`,
    '',
    '| epoch | top-1 % | train loss | PyTorch top-1 %, seeds 0 / 1 |',
    '|---|---|---|---|',
    ...rows,
    '',
    `An epoch of ${images} images: ${seconds[0].toFixed(1)} s at best, ${seconds[Math.floor(seconds.length / 2)].toFixed(1)} s in the median, decoding and augmentation included (${pace(seconds[0])} and ${pace(seconds[Math.floor(seconds.length / 2)])} images/s).`,
    '',
    ...all.map(({ seed, validated: [wide, plain] }) => agreement(seed, wide, plain)),
  ].join('\n');
}

function agreement(seed, wide, plain) {
  const same = wide.predictions.filter((line, i) => line === plain.predictions[i]).length;
  return `Seed ${seed}: train form ${wide.top1.toFixed(2)} %, fused form ${plain.top1.toFixed(2)} %, the same class for ${same} of ${wide.images} images; validation at ${wide.imagesPerSecond.toFixed(0)} and ${plain.imagesPerSecond.toFixed(0)} images/s.`;
}
