import type { Writable } from 'node:stream';

/** Where a command reads and writes; replaced in tests. */
export interface Io {
  /** Results only: with `--json` exactly one JSON document. */
  readonly stdout: Writable;
  /** Progress, warnings and errors. */
  readonly stderr: Writable;
  /** Absolute; relative paths on the command line refer to it. */
  readonly cwd: string;
}

/** The process's own streams and folder. */
export function processIo(): Io {
  return { stdout: process.stdout, stderr: process.stderr, cwd: process.cwd() };
}
