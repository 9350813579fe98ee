import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { LaunchedRank } from '@refold/core';

/** Launchers give jobs the same names after a while: an older mark is another job's. Longer than ranks wait for each other. */
const MARK_MS = 900_000;

/**
 * Why one of several processes failed, with its rank and host. Often one mistake fails all, and where one ends its
 * launcher ends the others: only what the first of them on a host says is written.
 */
export class FailureStream extends Writable {
  readonly #rank: LaunchedRank;
  readonly #target: Writable;
  readonly #folder: string;
  #isFirst: boolean | undefined;

  /** @param folder where the first leaves its mark, which is the host's own */
  constructor(rank: LaunchedRank, target: Writable, folder = tmpdir()) {
    super({ decodeStrings: false });
    this.#rank = rank;
    this.#target = target;
    this.#folder = folder;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    const { rank, size } = this.#rank;
    this.#isFirst ??= this.#mark();
    if (!this.#isFirst) return done();
    this.#target.write(`Rank ${rank} of ${size} on ${hostname()}: ${chunk}`, done);
  }

  #mark(): boolean {
    const { job } = this.#rank;
    if (job === null) return true;
    const name = `refold-failure-${process.getuid?.() ?? 0}-${job.replace(/[^\w.-]/g, '_')}`;
    const mark = path.join(this.#folder, name);
    try {
      if (Date.now() - statSync(mark).mtimeMs > MARK_MS) rmSync(mark);
    } catch {
      // There is none, or it is not ours to take away.
    }
    try {
      closeSync(openSync(mark, 'wx'));
      return true;
    } catch (error) {
      // Where no mark can be left, each says why.
      return (error as NodeJS.ErrnoException).code !== 'EEXIST';
    }
  }
}
