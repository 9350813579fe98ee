import { isRefoldError } from '@refold/graph';

/** Exit codes of the command line (DESIGN §10). */
export const ExitCode = {
  done: 0,
  inputAtFault: 1,
  usage: 2,
  gateFailed: 3,
  ourBug: 4,
  interrupted: 130,
} as const;

/** The exit code for something thrown. */
export function exitCodeOf(error: unknown): number {
  return isRefoldError(error) ? (error.parts.exitCode ?? ExitCode.inputAtFault) : ExitCode.ourBug;
}
