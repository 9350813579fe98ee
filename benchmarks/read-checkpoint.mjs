/**
 * Reading a checkpoint of 500 MB: ours against Python's safetensors and torch.load, in turns, each reading in a process of
 * its own, the file in the page cache.
 *
 *     node benchmarks/read-checkpoint.mjs [--rounds 7] [--mebibytes 500] [--dry]
 *
 * "Loaded" is the time until the call returned, "there" until a byte of every page was looked at as well: of a file
 * that is only mapped, pages come when they are looked at. Afterwards both add up all 32-bit words, which must agree.
 * Memory is what the process grew by at its peak. REFOLD_PYTHON names the Python (default python3).
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
/** What a Python program calls. */
const PYTHON = {
  'checkpoint.safetensors': {
    copied: 'safetensors.torch.load(file.read())',
    mapped: 'safetensors.torch.load_file',
  },
  'checkpoint.pth': { copied: 'torch.load', mapped: 'torch.load(mmap=True)' },
};
const rows = [];
let version = '';
try {
  run(python, script, 'make', folder, flags.mebibytes);
  const jobs = files.flatMap((file) => ['copied', 'mapped'].map((way) => ({ file, way })));
  const runs = jobs.map((job) => ({ ...job, ours: [], theirs: [] }));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const { file, way, ours, theirs } of runs) {
      const path = join(folder, file);
      ours.push(JSON.parse(run(process.execPath, once, path, way)));
      theirs.push(JSON.parse(run(python, script, 'read', path, way)));
      const [mine, other] = [ours.at(-1), theirs.at(-1)];
      if (mine.sum !== other.sum || mine.seen !== other.seen)
        throw new Error(`The sums differ: ${mine.sum} and ${other.sum}.`);
      version = other.version;
    }
  }
  for (const { file, way, ours, theirs } of runs) {
    const name = PYTHON[file][way];
    rows.push(row(file, `Refold, ${way}`, ours, theirs), row(file, name, theirs, theirs));
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
  const memory = (median(mine, 'grown') / bytes).toFixed(2);
  const ratios = `${ratio(least, 'there')} / ${ratio(median, 'there')}`;
  const cells = [file, program, both('load'), both('there'), ratios, memory];
  return `| ${cells.join(' | ')} |`;
}

const text = [
  `${flags.mebibytes} MiB of float32 in tensors of 1 KiB to 16 MiB, ${cpus().length} cores (${cpus()[0].model.trim()}), Node ${process.version}, PyTorch ${version} with one thread, ${flags.rounds} alternating rounds, the file in the page cache; best / median. "Loaded": until the call returned. "There": until a byte of every page was looked at, too. Mapped: nothing is copied, pages come when they are looked at, as Python's load_file always does and ours when asked to (\`mapped: true\`): for files that nobody cuts meanwhile, since a page that is gone ends the process. The sums of all words were equal.`,
  '',
  '| file | program | loaded ms | there ms | × Python | peak memory / tensors |',
  '| --- | --- | --- | --- | --- | --- |',
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
