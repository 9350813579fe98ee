import { execFileSync } from 'node:child_process';
import path from 'node:path';
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
    said = versionOf(command);
  } catch (cause) {
    throw launcherMissing(command, cause);
  }
  const [version = ''] = said.split('\n');
  if (/open mpi|open-mpi|prte/i.test(said)) return { command, version, family: 'openmpi' };
  // Only the script finds Intel's files where the environment does not name them.
  const isScript = version.startsWith('Intel(R) MPI') && path.basename(command) === 'mpirun';
  const beside = isScript && env['I_MPI_ROOT'] ? besideScript(command, said) : command;
  return { command: beside, version, family: 'hydra' };
}

/** Intel's mpirun is a script that a signal ends: what it starts, beside it, passes signals on. */
function besideScript(command: string, said: string): string {
  const hydra = command.replace(/mpirun$/, 'mpiexec.hydra');
  try {
    return versionOf(hydra) === said ? hydra : command;
  } catch {
    return command;
  }
}

function versionOf(command: string): string {
  return execFileSync(command, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
