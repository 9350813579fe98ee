import type { RunContext } from '@refold/core';
import type { RefoldFile } from '@refold/formats';

/** A setting in which a checkpoint's run and this one differ, with both values as text. */
export interface RunDifference {
  /** `data.batchSize` */
  readonly key: string;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * What makes a checkpoint's position mean other samples, or its outputs other classes, in this run; empty when nothing
 * does. Epochs, rate, folders and device may differ, and so may the parts of one and the same global batch. What the
 * file does not know is not compared.
 */
export function compareRuns(run: RunContext, saved: RefoldFile): RunDifference[] {
  return [
    ...seedDifference(run.config, saved.config),
    ...batchDifferences(run, saved),
    ...classDifference(run.dataset.classes, saved.classes),
  ];
}

/** `data.accumulate` of a resolved configuration, where it says. */
export function accumulateOf(config: Config): number | undefined {
  return numberAt(config, 'data', 'accumulate');
}

type Config = Readonly<Record<string, unknown>> | null;

function numberAt(config: Config, ...keys: readonly string[]): number | undefined {
  let value: unknown = config;
  for (const key of keys) value = (value as Record<string, unknown> | null | undefined)?.[key];
  return typeof value === 'number' ? value : undefined;
}

function differing(key: string, ours?: number, theirs?: number): RunDifference[] {
  if (ours === undefined || theirs === undefined || ours === theirs) return [];
  return [{ key, ours: String(ours), theirs: String(theirs) }];
}

function seedDifference(ours: Config, theirs: Config): RunDifference[] {
  return differing('seed', numberAt(ours, 'seed'), numberAt(theirs, 'seed'));
}

/** The parts of the global batch, where their product differs. */
function batchDifferences(run: RunContext, { config, position }: RefoldFile): RunDifference[] {
  const parts = ['batchSize', 'accumulate'] as const;
  const ours = [run.device.group.size, ...parts.map((part) => numberAt(run.config, 'data', part))];
  const theirs = [position?.replicas ?? 1, ...parts.map((part) => numberAt(config, 'data', part))];
  const product = (factors: readonly (number | undefined)[]): number =>
    factors.reduce<number>((all, factor) => all * (factor ?? 1), 1);
  if (product(ours) === product(theirs)) return [];
  return ['replicas', 'data.batchSize', 'data.accumulate'].flatMap((key, i) =>
    differing(key, ours[i], theirs[i]),
  );
}

/** Says how many there are, or, where that is equal, the first that differs. */
function classDifference(ours: readonly string[], theirs: readonly string[]): RunDifference[] {
  if (theirs.length === 0) return [];
  if (ours.length !== theirs.length) {
    return [{ key: 'number of classes', ours: `${ours.length}`, theirs: `${theirs.length}` }];
  }
  const index = ours.findIndex((name, i) => name !== theirs[i]);
  if (index < 0) return [];
  return [{ key: `class ${index}`, ours: `'${ours[index]}'`, theirs: `'${theirs[index]}'` }];
}
