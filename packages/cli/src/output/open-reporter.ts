import type { RefoldEvent } from '@refold/core';
import type { CommonOptions } from '../common-options.js';
import type { Io } from '../io.js';
import { openOutputFile } from './output-file.js';

/** Where the events of a command go. */
export interface Reporter {
  /** Writes a line of JSON to `--events FILE`: the event, and when it came as `at` (ISO 8601). */
  record(event: RefoldEvent): void;
  /** Records, and tells a person on stderr what is not as it should be, unless `--quiet`. */
  take(event: RefoldEvent): void;
  close(): void;
}

/** @throws RefoldError `RF-CLI-UNWRITABLE` when the events file cannot be opened */
export function openReporter(io: Io, { events, quiet }: CommonOptions): Reporter {
  const file = events === undefined ? undefined : openOutputFile('--events', events, io.cwd);
  const record = (event: RefoldEvent): void => {
    // Not `timeMs`: a step has one of its own, where its time went.
    const at = new Date(performance.timeOrigin + performance.now()).toISOString();
    file?.line(JSON.stringify({ at, ...event }));
  };
  return {
    record,
    take(event) {
      record(event);
      const text = quiet ? null : noticeOf(event);
      if (text !== null) io.stderr.write(`${text}\n`);
    },
    close: () => file?.close(),
  };
}

function noticeOf(event: RefoldEvent): string | null {
  switch (event.type) {
    case 'warned':
      return `warning ${event.code}: ${event.message}`;
    case 'sample-replaced':
      return `replaced a sample (${event.replaced} so far): ${event.path}: ${event.reason}`;
    case 'plugin-failed':
      return `${event.plugin} failed to follow the run: ${event.message}`;
    default:
      return null;
  }
}
