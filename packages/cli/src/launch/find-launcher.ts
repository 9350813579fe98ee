import { execFileSync } from 'node:child_process';
import { launcherMissing } from './errors.js';

export type LauncherFamily = 'openmpi' | 'hydra';

/** The program that starts processes as ranks of one MPI job. */
export interface Launcher {
  readonly command: string;
  readonly family: LauncherFamily;
  /** First line of what it says of its version. */
  readonly version: string;
}

/**
 * The launcher of the MPI that is installed: `REFOLD_MPIRUN` where that is set, else `mpirun`.
 *
 * @throws RefoldError `RF-LAUNCH-NO-MPI`
 */
export function findLauncher(env: NodeJS.ProcessEnv = process.env): Launcher {
  const command = env['REFOLD_MPIRUN'] ?? 'mpirun';
  let said: string;
  try {
    said = execFileSync(command, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (cause) {
    throw launcherMissing(command, cause);
  }
  const [version = ''] = said.split('\n');
  return { command, version, family: /open mpi|open-mpi|prte/i.test(said) ? 'openmpi' : 'hydra' };
}
