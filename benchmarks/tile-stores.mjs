/**
 * What a store of AMX's tiles costs, by the time since the one before it.
 *
 *     node benchmarks/tile-stores.mjs [--write]
 *
 * tile-stores.cpp is compiled here and now (CXX names the compiler, default g++); ends with 1 where there is no AMX. `--write` puts
 * the table into docs/performance.md.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runProgram } from './run-program.mjs';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const { values: flags } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const rows = runProgram('tile-stores.cpp', ['-O2']);
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
