/** How a process ended. */
export interface Ending {
  /** `was ended by signal 9 (Killed)` */
  readonly how: string;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** Null where it ended by itself. */
  readonly signal: number | null;
}

/** Which process ended, as its launcher tells, and how. */
export interface RankEnd extends Ending {
  /** Null where the launcher does not say. */
  readonly rank: number | null;
  /** Its number on its host; null where the launcher does not say. */
  readonly process: number | null;
  /** Null where the launcher does not say. */
  readonly host: string | null;
  /** The launcher itself ends ranks in the same way, and may mean one of those. */
  readonly mayBeAnother?: boolean;
}

export function byExitCode(exitCode: number): Ending {
  return { how: `ended with exit code ${exitCode}`, exitCode, signal: null };
}

export function bySignal(signal: number, name: string): Ending {
  return { how: `was ended by signal ${signal} (${name})`, exitCode: null, signal };
}

/** Tells the lines that a launcher writes from those of its ranks. */
export interface LauncherLines {
  /** The first end that was told. */
  readonly end: RankEnd | undefined;
  /** @returns the lines that are for people, this one or some that were held back */
  take(line: string): readonly string[];
  /** After the last line. @returns as `take` */
  finish(): readonly string[];
}
