/**
 * Damaged files for every reader of weights: each must be read or refused by a RefoldError, within a second of
 * the processor.
 *
 *     node benchmarks/fuzz-readers.mjs [--inputs 1000000] [--seed 1] [--format pytorch] [--write] [--json]
 *
 * Seeds are the fixtures of packages/formats and benchmarks/fuzz/corpus, which keeps inputs that once were answered wrongly.
 * Everything is in memory; tensors up to 1 MiB are read too. What fails is saved to runs/fuzz, and the exit code is 1.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isRefoldError } from '@refold/graph';
import { bytesInMemory, bytesOf, openWeightsFrom } from '@refold/formats';
import { mutate } from './fuzz/mutate.mjs';
import { randomBelow } from './fuzz/random.mjs';
import { readSeeds, zipOf } from './fuzz/seeds.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    format: { type: 'string' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const TENSOR_BYTES = 1 << 20;
const SLOW_MS = 1000;
const root = join(import.meta.dirname, '..');
const failures = join(root, 'runs', 'fuzz');
const inputs = Number(flags.inputs);
const below = randomBelow(Number(flags.seed));
const folders = [
  join(root, 'packages', 'formats', 'fixtures'),
  join(import.meta.dirname, 'fuzz', 'corpus'),
];
const all = await readSeeds(...folders);
const seeds = all.filter(
  ({ format }) => !flags.format || format.toLowerCase().includes(flags.format),
);
const formats = new Map(
  seeds.map(({ format }) => [format, { inputs: 0, read: 0, refused: new Map() }]),
);
const slowest = { ms: 0, name: '', format: '' };
let failed = 0;
let peak = 0;

// Unchanged seeds first: what is kept in the corpus must stay answered.
for (const seed of seeds) await meet(seed, seed.bytes, 'unchanged');
const begin = performance.now();
const baseline = process.memoryUsage.rss();
for (let i = 0; i < inputs; i++) {
  const seed = seeds[below(seeds.length)];
  await meet(seed, damaged(seed), `${flags.seed}-${i}`);
  if (i % 256 === 0) peak = Math.max(peak, process.memoryUsage.rss());
}
const seconds = (performance.now() - begin) / 1000;
report();
if (failed > 0) process.exitCode = 1;

/** Half of the damage to zips is inside of an entry, where a right checksum brings it to who reads it. */
function damaged({ bytes, entries, format }) {
  const others = seeds.filter((seed) => seed.format === format);
  const other = others[below(others.length)].bytes;
  if (!entries || below(2) === 0) return mutate(bytes, below, other);
  const at = below(3) === 0 ? below(entries.length) : 0;
  return zipOf(
    entries.map(({ name, content }, i) => ({
      name,
      content: i === at ? mutate(content, below, other) : content,
    })),
  );
}

async function meet(seed, bytes, name) {
  const counts = formats.get(seed.format);
  // Of this process, not of the clock: on a busy machine others take their share.
  const start = process.cpuUsage();
  const outcome = await outcomeOf(seed.path, bytes);
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  if (ms > slowest.ms) Object.assign(slowest, { ms, name, format: seed.format });
  counts.inputs++;
  if (outcome === null) counts.read++;
  else if (isRefoldError(outcome))
    counts.refused.set(outcome.code, (counts.refused.get(outcome.code) ?? 0) + 1);
  if (ms > SLOW_MS || (outcome !== null && !isRefoldError(outcome))) {
    failed++;
    mkdirSync(failures, { recursive: true });
    const file = join(failures, `${name}.bin`);
    writeFileSync(file, bytes);
    process.stderr.write(
      `${file} (${seed.path}), ${ms.toFixed(0)} ms: ${outcome?.stack ?? 'too slow'}\n`,
    );
  }
}

/** Null where everything was read, else what was thrown. */
async function outcomeOf(path, bytes) {
  let file = null;
  try {
    file = await openWeightsFrom(bytesInMemory(path, bytes));
    let refusal = null;
    for (const tensor of file.tensors.values()) {
      const expected = bytesOf(tensor);
      if (expected > TENSOR_BYTES) continue;
      const data = await tensor.read().catch((error) => {
        refusal ??= error;
        if (!isRefoldError(error)) throw error;
        return null;
      });
      if (data && data.length !== expected)
        throw new Error(`${data.length} bytes instead of ${expected}`);
    }
    return refusal;
  } catch (error) {
    return error;
  } finally {
    await file?.close();
  }
}

function report() {
  const rows = [...formats].map(([format, { inputs: count, read, refused }]) => {
    const codes = [...refused]
      .sort((a, b) => b[1] - a[1])
      .map(([code, times]) => `${code} ${times}`);
    return `| ${format} | ${count} | ${read} | ${codes.join(', ')} |`;
  });
  const grown = ((peak - baseline) / 2 ** 20).toFixed(0);
  const text = [
    `${inputs.toLocaleString('en')} damaged files from ${seeds.length} seeds in ${seconds.toFixed(0)} s (${(inputs / seconds).toFixed(0)} a second), seed ${flags.seed}: ${failed === 0 ? 'each was read or refused by an error of ours' : `${failed} failed`}. The slowest took ${slowest.ms.toFixed(0)} ms of the processor (${slowest.format}, input ${slowest.name}); resident memory was ${(peak / 2 ** 20).toFixed(0)} MiB at most, ${grown} MiB over the start.`,
    '',
    '| format | inputs | read | refused by |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  if (flags.json) {
    const summary = { inputs, failed, seconds, slowestMs: slowest.ms, peakBytes: peak };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  } else process.stdout.write(`${text}\n`);
  if (flags.write) {
    return writeBetweenMarkers('fuzzing', text, {
      title: 'Fuzzing',
      intro:
        '`node benchmarks/fuzz-readers.mjs --write`: damaged files for every reader of weights.',
      after: ['read-checkpoint', 'memory'],
    });
  }
}
