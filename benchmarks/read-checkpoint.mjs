/**
 * Reading a checkpoint of 500 MB: ours against Python's safetensors and torch.load, in turns, each reading in a process of
 * its own, the file in the page cache.
 *
 *     node benchmarks/read-checkpoint.mjs [--rounds 7] [--mebibytes 500] [--dry]
 *
 * "Loaded" is the time until the call returned, "read" until every 32-bit word had been added up, which both print and which
 * must agree: Python's safetensors only maps the file, its pages come when they are looked at. Memory is what the process
 * grew by at its peak. REFOLD_PYTHON names the Python (default python3).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    mebibytes: { type: 'string', default: '500' },
    dry: { type: 'boolean', default: false },
  },
});
const python = process.env.REFOLD_PYTHON ?? 'python3';
const [once, script] = ['read-checkpoint-once.mjs', 'read-checkpoint.py'].map((name) =>
  join(import.meta.dirname, name),
);
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' });
const folder = mkdtempSync(join(tmpdir(), 'refold-checkpoint-'));
const files = ['checkpoint.safetensors', 'checkpoint.pth'];
const rows = [];
let version = '';
try {
  run(python, script, 'make', folder, flags.mebibytes);
  const results = new Map(files.map((file) => [file, { ours: [], python: [] }]));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const file of files) {
      const path = join(folder, file);
      const ours = JSON.parse(run(process.execPath, once, path));
      const theirs = JSON.parse(run(python, script, 'read', path));
      if (ours.sum !== theirs.sum)
        throw new Error(`The sums differ: ${ours.sum} and ${theirs.sum}.`);
      results.get(file).ours.push(ours);
      results.get(file).python.push(theirs);
      version = theirs.version;
    }
  }
  for (const [file, { ours, python: theirs }] of results) {
    const name = file.endsWith('.pth') ? 'torch.load' : 'safetensors.torch.load_file';
    rows.push(row(file, 'Refold', ours, theirs), row(file, name, theirs, theirs));
  }
} finally {
  rmSync(folder, { recursive: true });
}

function row(file, program, mine, theirs) {
  const pick = (runs, key) => runs.map((one) => one[key]).sort((a, b) => a - b);
  const least = (runs, key) => pick(runs, key)[0];
  const median = (runs, key) => pick(runs, key)[Math.floor(runs.length / 2)];
  const ratio = (of, key) => (of(mine, key) / of(theirs, key)).toFixed(2);
  const both = (key) => `${least(mine, key).toFixed(0)} / ${median(mine, key).toFixed(0)}`;
  const bytes = Number(flags.mebibytes) * 2 ** 20;
  const cells = [
    ...[file, program, both('load'), both('read')],
    ...[`${ratio(least, 'read')} / ${ratio(median, 'read')}`, both('again'), both('cpu')],
    ...[
      `${ratio(least, 'cpu')} / ${ratio(median, 'cpu')}`,
      (median(mine, 'grown') / bytes).toFixed(2),
    ],
  ];
  return `| ${cells.join(' | ')} |`;
}

const text = [
  `${flags.mebibytes} MiB of float32 in tensors of 1 KiB to 16 MiB, ${cpus().length} cores (${cpus()[0].model.trim()}), Node ${process.version}, PyTorch ${version} with one thread, ${flags.rounds} alternating rounds, the file in the page cache; best / median. "Loaded": until the call returned. "Read": until all 32-bit words were added up, each program in the fastest way it has; both print the sum. "Again": adding up once more, without reading. Python's safetensors maps the file: nothing is copied, pages come when they are looked at.`,
  '',
  '| file | program | loaded ms | read ms | × Python | again ms | processor ms for reading | × Python | peak memory / tensors |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ...rows,
].join('\n');
process.stdout.write(`${text}\n`);
if (!flags.dry) {
  await writeBetweenMarkers('read-checkpoint', text, {
    title: 'Reading checkpoints',
    intro: '`node benchmarks/read-checkpoint.mjs`: all tensors of one file into memory.',
    after: ['memory', 'scaling', 'throughput'],
  });
}
