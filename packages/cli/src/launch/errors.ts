import { RefoldError } from '@refold/graph';
import type { RankEnd } from './launcher-lines.js';

/** There is no mpirun. */
export function launcherMissing(command: string, cause: unknown): RefoldError {
  return new RefoldError('RF-LAUNCH-NO-MPI', {
    message: `'${command}' cannot be started, and 'refold launch' needs an MPI.`,
    expected: 'Open MPI, MPICH or Intel MPI',
    received: (cause as NodeJS.ErrnoException).code ?? 'an error',
    hint: "Install one (Debian and Ubuntu: 'apt-get install openmpi-bin', macOS: 'brew install open-mpi'), or name its mpirun in REFOLD_MPIRUN. Without one, 'refold train' trains in one process.",
    cause,
  });
}

/** Nothing to start. */
export function nothingToLaunch(commands: readonly string[]): RefoldError {
  return new RefoldError('RF-USAGE-LAUNCH', {
    message: 'refold launch needs a command of refold to start.',
    expected: `one of ${commands.join(', ')}, behind '--'`,
    hint: "For example 'refold launch -n 2 -- train -c configs/demo.yaml'.",
    exitCode: 2,
  });
}

/** A process ended without saying why. */
export function rankDied({ rank, host, how, mayBeAnother = false }: RankEnd): RefoldError {
  const who = rank === null ? 'A rank' : `Rank ${rank}`;
  const where = host === null ? '' : ` on ${host}`;
  const orElse = mayBeAnother && rank !== null ? ', or another before it,' : '';
  return new RefoldError('RF-LAUNCH-RANK-DIED', {
    message: `${who}${where}${orElse} ${how}, so all ranks were ended.`,
    hint: "The newest checkpoint is whole: go on from it with '--resume auto'. A process that is killed (signal 9) often had no memory left: lower data.batchSize.",
  });
}

/** The launcher failed before any rank did. */
export function launcherFailed(command: string, code: number, said: string): RefoldError {
  return new RefoldError('RF-LAUNCH-FAILED', {
    message: `'${command}' ended with ${code}, and no rank said why.`,
    received: said === '' ? 'no message' : said,
    hint: 'See whether its hosts can be reached and have the same folders and programs.',
  });
}
