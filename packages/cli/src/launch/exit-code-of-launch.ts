import { ExitCode } from '../exit-code.js';
import { rankDied } from './errors.js';
import type { RankEnd } from './launcher-lines.js';
import type { RankNotices } from './rank-notices.js';

/** What is known of a launch when its launcher has ended. */
export interface LaunchEnd {
  readonly ranks: number;
  /** How often a person asked for an end. */
  readonly asked: number;
  /** The launcher's own; null where a signal ended it. */
  readonly code: number | null;
  /** A rank said why it failed. */
  readonly hasReason: boolean;
  /** The first end of a rank that the launcher told. */
  readonly told: RankEnd | undefined;
  /** What ranks said of themselves. */
  readonly notices: RankNotices;
}

/**
 * How a launch ended. Launchers don't say so alike: once MPICH's has passed a signal on it ends with 0, however its ranks
 * did, and where several end Hydra's code is a mixture of all their codes and signals.
 *
 * @returns the exit code; null where the launcher failed and no rank did
 * @throws RefoldError `RF-LAUNCH-RANK-DIED`
 */
export function exitCodeOfLaunch(launch: LaunchEnd): number | null {
  const { ranks, asked, code, hasReason, told, notices } = launch;
  // Ended in the middle, whatever ranks could still do.
  if (asked > 1 && !hasReason) return ExitCode.interrupted;
  if (asked === 0 && code === 0) return ExitCode.done;
  const own = notices.exitCode(ranks);
  if (asked > 0 && own !== null) return own;
  if (hasReason) return notices.failure ?? told?.exitCode ?? (code || ExitCode.inputAtFault);
  if (code === ExitCode.interrupted) return code;
  if (asked > 0 && told?.exitCode === ExitCode.interrupted) return told.exitCode;
  if (told) throw rankDied(told);
  if (code === 0) throw rankDied(notices.silent);
  return null;
}
