import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { RefoldEvent } from '@refold/core';
import { RefoldError } from '@refold/graph';
import type { Observable } from 'rxjs';

/**
 * Writes every event as a line of JSON (`--events FILE`). Lines are whole at any moment: each is one write.
 *
 * @returns a function that closes the file
 * @throws RefoldError `RF-USAGE-EVENTS-FILE` when the file cannot be opened
 */
export function logEvents(events: Observable<RefoldEvent>, file: string, cwd: string): () => void {
  const target = path.resolve(cwd, file);
  let descriptor: number;
  try {
    descriptor = openSync(target, 'w');
  } catch (cause) {
    throw new RefoldError('RF-USAGE-EVENTS-FILE', {
      message: `The events file '${target}' cannot be written: ${(cause as Error).message}`,
      hint: 'Give --events a file in a folder that exists.',
      exitCode: 2,
      cause,
    });
  }
  const started = performance.timeOrigin;
  const subscription = events.subscribe((event) => {
    const timeMs = Math.round(started + performance.now());
    writeSync(descriptor, `${JSON.stringify({ timeMs, ...event })}\n`);
  });
  return () => {
    subscription.unsubscribe();
    closeSync(descriptor);
  };
}
