/**
 * Every model of a `model-facts.json` from timm through .pth, `refold fuse` and ONNX to ONNX Runtime (timm-to-onnx.py does
 * it), as a table in docs/performance.md. REFOLD_PYTHON names the Python (default python3).
 *
 *     node benchmarks/timm-to-onnx.mjs --facts /path/to/model-facts.json [--rows FILE] [--dry]
 *
 * `--rows` takes what timm-to-onnx.py printed before.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    facts: { type: 'string' },
    rows: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});
const { rows, versions } = JSON.parse(
  flags.rows === undefined ? measured() : readFileSync(flags.rows, 'utf8'),
);
const failed = rows.filter(({ error }) => error !== undefined);
if (failed.length > 0)
  throw new Error(failed.map(({ model, error }) => `${model}: ${error}`).join('\n'));

function measured() {
  if (flags.facts === undefined) throw new Error('Expected --facts.');
  const python = process.env.REFOLD_PYTHON ?? 'python3';
  const refold = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'refold.js');
  const args = [join(import.meta.dirname, 'timm-to-onnx.py'), '--refold', refold];
  const stdio = ['ignore', 'pipe', 'inherit'];
  return execFileSync(python, [...args, '--facts', flags.facts], { encoding: 'utf8', stdio });
}

const exponent = (value) => value.toExponential(1);
const worst = rows.reduce((a, b) => (a.relativeError > b.relativeError ? a : b));
const models = [...new Set(rows.map(({ model }) => model))].map((model) => {
  const own = rows.filter((row) => row.model === model);
  const each = (key) => own.map((row) => exponent(row[key])).join(' / ');
  const [{ regions, parameters }] = own;
  const sizes = own.map(({ size }) => size).join(' / ');
  const counts = `${parameters.train.toLocaleString('en-US')} → ${parameters.fused.toLocaleString('en-US')}`;
  return `| ${model} | ${sizes} | ${regions} | ${counts} | ${each('relativeError')} | ${each('timmRelativeError')} |`;
});
const agree = rows.every(({ top1Agreement }) => top1Agreement === 1);
const page = [
  `${models.length} networks of timm ${versions.timm} with random weights (seed 7), saved by PyTorch ${versions.torch} as .pth, read, recognised, fused, proved and written by \`refold fuse x.pth -o x.onnx\`, run by ONNX Runtime ${versions.onnxruntime} on two random images: logits against timm's, relative (2-norm), at most ${exponent(worst.relativeError)} (${worst.model}, ${worst.size} px); ${agree ? 'the largest logit is the same everywhere' : 'the largest logit is not always the same'}. Beside it how far timm's float32 is from its own float64.`,
  '',
  '| model | px | regions | parameters | error | timm’s float32 |',
  '| --- | --- | --- | --- | --- | --- |',
  ...models,
].join('\n');
process.stdout.write(`${page}\n`);
if (!flags.dry) {
  await writeBetweenMarkers('timm-to-onnx', page, {
    title: 'From timm to ONNX Runtime',
    intro:
      '`node benchmarks/timm-to-onnx.mjs --facts F`: the whole way of `refold fuse`, for every model.',
    after: ['fuzzing', 'read-checkpoint'],
  });
}
