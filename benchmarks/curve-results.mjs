import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const target = join(import.meta.dirname, 'results', 'learning-curve.json');
const keyOf = ({ program, seed }) => `${program} ${seed}`;

/**
 * Puts curves `{ program, library, seed, top1, loss }`, values by epoch, into results/learning-curve.json, each in the place of an
 * older one of the same program and seed.
 */
export async function mergeCurves(entries) {
  const known = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : [];
  const merged = new Map([...known, ...entries].map((entry) => [keyOf(entry), entry]));
  mkdirSync(dirname(target), { recursive: true });
  const options = { ...(await resolveConfig(target)), filepath: target };
  writeFileSync(target, await format(JSON.stringify([...merged.values()]), options));
  return [...merged.values()];
}

/** The curve in the lines of one run's events. */
export function curveOfEvents(events, seed) {
  const of = (type) => events.filter((event) => event.type === type);
  const [{ device, library }] = of('run-started');
  return {
    ...{ program: device, library, seed: Number(seed) },
    top1: of('validated').map(({ top1 }) => Number(top1.toFixed(2))),
    loss: of('epoch-completed').map(({ loss }) => Number(loss.toFixed(4))),
  };
}

/** What each program reached after the last epoch, over all seeds: a table in Markdown. */
export function lastEpochs(curves) {
  const programs = grouped(curves, ({ program }) => program);
  const rows = [...programs].map(([program, runs]) => {
    const [top1, loss] = ['top1', 'loss'].map((key) => runs.map((run) => run[key].at(-1)));
    const libraries = [...new Set(runs.map(({ library }) => library))].join('; ');
    const range = `${Math.min(...top1).toFixed(2)}–${Math.max(...top1).toFixed(2)}`;
    return `| ${program} (${libraries}) | ${runs.length} | ${spread(top1, 2)} | ${range} | ${spread(loss, 3)} |`;
  });
  return [
    '| program | seeds | top-1 %, mean ± deviation | range | train loss |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function spread(values, digits) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
