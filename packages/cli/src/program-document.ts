import type { CompiledProgram } from '@refold/core';

type Operation = CompiledProgram['operations'][number];

/** Operations of one kind that one algorithm computes. */
export interface OperationGroup {
  readonly op: string;
  readonly pass: Operation['pass'];
  readonly algorithm: string;
  readonly count: number;
  readonly flops: number;
  readonly bytes: number;
}

/** What `refold plan` tells of a compiled network: the sums, and its operations by kind. */
export interface ProgramDocument extends Omit<CompiledProgram, 'operations'> {
  readonly groups: readonly OperationGroup[];
  /** Every operation, in order; only with `--operations`. */
  readonly operations?: readonly Operation[];
}

/** @param all whether to list every operation, too */
export function programDocument(program: CompiledProgram, all: boolean): ProgramDocument {
  const { operations, ...sums } = program;
  const groups = groupsOf(operations);
  return { ...sums, groups, ...(all && { operations }) };
}

/** By pass, in each those with the most arithmetic first. */
function groupsOf(operations: readonly Operation[]): readonly OperationGroup[] {
  const groups = new Map<string, OperationGroup>();
  for (const { op, pass, algorithm, flops, bytes } of operations) {
    const key = JSON.stringify([op, pass, algorithm]);
    const sum = groups.get(key) ?? { op, pass, algorithm, count: 0, flops: 0, bytes: 0 };
    groups.set(key, {
      ...sum,
      count: sum.count + 1,
      flops: sum.flops + flops,
      bytes: sum.bytes + bytes,
    });
  }
  const passes = ['forward', 'backward-data', 'backward-weights', 'backward'];
  return [...groups.values()].sort(
    (a, b) =>
      passes.indexOf(a.pass) - passes.indexOf(b.pass) || b.flops - a.flops || b.bytes - a.bytes,
  );
}
