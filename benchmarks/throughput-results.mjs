import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const target = join(import.meta.dirname, 'results', 'throughput.json');
const keyOf = ({ cpu, model, work, program }) => [cpu, model, work, program].join(' ');

/** Puts entries into results/throughput.json, each in the place of an older one of the same processor, model, work and program. */
export function mergeResults(entries) {
  const known = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')).entries : [];
  const merged = new Map([...known, ...entries].map((entry) => [keyOf(entry), entry]));
  const all = [...merged.values()];
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify({ entries: all }, sixDigits, 2)}\n`);
  return all;
}

function sixDigits(_key, value) {
  const fraction = typeof value === 'number' && !Number.isInteger(value);
  return fraction ? Number(value.toPrecision(6)) : value;
}
