import { readFileSync } from 'node:fs';
import type { RefoldEvent } from '@refold/core';

/** Events of a log; a last line that a kill cut short is left out. */
export function readEvents(file: string): RefoldEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as RefoldEvent);
}

/** Loss and rate by step. */
export function lossesOf(events: readonly RefoldEvent[]): Map<number, string> {
  const steps = events.filter((event) => event.type === 'step-completed');
  return new Map(steps.map(({ step, loss, rate }) => [step, `${loss} at ${rate}`]));
}
