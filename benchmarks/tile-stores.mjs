/**
 * What a store of AMX's tiles costs, by the time since the one before it.
 *
 *     node benchmarks/tile-stores.mjs [--write]
 *
 * tile-stores.cpp is compiled here and now (CXX names the compiler, default g++); ends with 1 where there is no AMX. `--write` puts
 * the table into docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const rows = measure();
const text = [
  `One thread of ${cpus()[0].model.trim()}, least of 100 readings.`,
  '',
  '| products | alone µs | with four stores behind them, µs longer |',
  '| --- | --- | --- |',
  ...rows.map((row) => `| ${row.products} | ${row.alone.toFixed(2)} | ${row.stores.toFixed(2)} |`),
].join('\n');
process.stdout.write(`${text}\n`);
if (flags.write) {
  await writeBetweenMarkers('tile-stores', text, {
    title: 'Stores of AMX',
    intro:
      '`node benchmarks/tile-stores.mjs`: products in tiles and stores of their sums, over and over. A store costs more where the one before it was long ago.',
    after: ['scaling'],
  });
}

function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'refold-tiles-'));
  try {
    const program = join(folder, 'tile-stores');
    const source = join(import.meta.dirname, 'tile-stores.cpp');
    const args = ['-O2', '-march=native', source, '-o', program];
    execFileSync(process.env.CXX ?? 'g++', args, { stdio: ['ignore', 2, 2] });
    return JSON.parse(execFileSync(program, { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
