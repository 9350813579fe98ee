import type { RankPlace } from '../errors.js';

/** What the watching thread is given. */
export interface WatchdogSettings extends RankPlace {
  /** Of a {@link WatchBoard}. */
  readonly memory: SharedArrayBuffer;
  /** Milliseconds that a call may wait for the other ranks. */
  readonly timeoutMs: number;
  /** Milliseconds for the start: launchers begin ranks one after the other. */
  readonly startTimeoutMs: number;
}
