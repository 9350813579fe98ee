import type { ProgramDocument } from '../program-document.js';
import { printTable } from './print-table.js';

const giga = (flops: number): string => (flops / 1e9).toFixed(3);
const mega = (bytes: number): string => (bytes / 1e6).toFixed(2);
const mebi = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** A compiled network for people: its sums, operations by kind, and every operation where the document has them. */
export function describeProgram(program: ProgramDocument): string {
  const { compileMs, arenaBytes, weightBytes, flops, bytes, groups, operations } = program;
  const sums = [
    ['compiled', `in ${compileMs.toFixed(0)} ms`],
    ['arena', `${mebi(arenaBytes)} of activations, gradients of activations, scratch`],
    ['weights', `${mebi(weightBytes)} with gradients, slots and the layouts of algorithms`],
    ['step', `${giga(flops)} GFLOP, ${mega(bytes)} MB read and written`],
  ];
  const byKind = [
    ['op', 'pass', 'algorithm', 'count', 'GFLOP', 'MB'],
    ...groups.map((one) => [
      ...[one.op, one.pass, one.algorithm, String(one.count)],
      ...[giga(one.flops), mega(one.bytes)],
    ]),
  ];
  const each = [
    ['operation', 'op', 'pass', 'algorithm', 'GFLOP', 'MB'],
    ...(operations ?? []).map((one) => [
      ...[one.name, one.op, one.pass, one.algorithm],
      ...[giga(one.flops), mega(one.bytes)],
    ]),
  ];
  const lines = sums.map(([name = '', value = '']) => `${name.padEnd(14)} ${value}\n`);
  const tables = operations ? [byKind, each] : [byKind];
  return [lines.join(''), ...tables.map(printTable)].join('\n');
}
