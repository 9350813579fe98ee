import { Writable } from 'node:stream';
import { LAUNCH_ID, launchedRank } from '@refold/core';
import { endNotice, startNotice } from './launch/rank-notices.js';
import { FailureStream } from './output/failure-stream.js';

/** Where a command reads and writes; replaced in tests. */
export interface Io {
  /** Results only: with `--json` exactly one JSON document. */
  readonly stdout: Writable;
  /** Progress, warnings and errors. */
  readonly stderr: Writable;
  /** Why a command failed; default: stderr. */
  readonly failures?: Writable;
  /** Absolute; relative paths on the command line refer to it. */
  readonly cwd: string;
}

/**
 * The process's own streams and folder. Of processes that were started together rank 0 speaks; the first that fails says
 * why, whichever it is.
 */
export function processIo(): Io {
  const { stdout, stderr } = process;
  const cwd = process.cwd();
  const launched = launchedRank();
  if (launched !== null && LAUNCH_ID in process.env) {
    stderr.write(startNotice(launched.rank));
    process.once('exit', (code) => stderr.write(endNotice(launched.rank, code)));
  }
  if (launched === null || launched.size === 1) return { stdout, stderr, cwd };
  const failures = new FailureStream(launched, stderr);
  if (launched.rank === 0) return { stdout, stderr, cwd, failures };
  return { stdout: nowhere(), stderr: nowhere(), cwd, failures };
}

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}
