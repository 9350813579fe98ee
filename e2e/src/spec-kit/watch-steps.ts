import { existsSync, watch } from 'node:fs';
import path from 'node:path';
import { lossesOf, readEvents } from './read-events.js';

/** Resolves once a log of events holds so many steps. The log's folder must be there. */
export function stepsReached(log: string, steps: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!existsSync(log) || lossesOf(readEvents(log)).size < steps) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(path.dirname(log), look);
    look();
  });
}
