import { spawnSync } from 'node:child_process';
import { describe, it } from '@jest/globals';
import type { MpiFamily } from '../constants.js';

/** An mpirun that is installed here. */
export interface MpiLauncher {
  readonly family: MpiFamily;
  readonly command: string;
}

const COMMANDS = ['mpirun.openmpi', 'mpirun.mpich', 'mpirun', 'mpiexec'];

const SIGNS: readonly (readonly [MpiFamily, RegExp])[] = [
  ['openmpi', /Open MPI|OpenRTE/],
  ['intel', /Intel\(R\) MPI/],
  ['mpich', /HYDRA/],
];

/** One launcher for each family that is installed here. */
export function mpiLaunchers(): readonly MpiLauncher[] {
  const launchers = COMMANDS.flatMap((command) => {
    const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8', env: launcherEnv() });
    const family = SIGNS.find(([, sign]) => sign.test(stdout ?? ''))?.[0];
    return family ? [{ family, command }] : [];
  });
  return launchers.filter(
    ({ family }, i) => launchers.findIndex((other) => other.family === family) === i,
  );
}

/** Runs the tests for each of them; where there is none, one skipped test that says so. */
export function describeLaunchers(title: string, body: (launcher: MpiLauncher) => void): void {
  const launchers = mpiLaunchers();
  for (const launcher of launchers) describe(`${title} (${launcher.family})`, () => body(launcher));
  if (launchers.length === 0)
    describe(title, () => it.skip('no mpirun is installed here', () => undefined));
}

/** Lets Open MPI start more ranks than there are cores, as root, in a container, and share the cores. */
export function launcherEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: '',
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    OMPI_MCA_rmaps_base_oversubscribe: '1',
    OMPI_MCA_hwloc_base_binding_policy: 'none',
    OMPI_MCA_mpi_yield_when_idle: '1',
    OMPI_MCA_btl_vader_single_copy_mechanism: 'none',
  };
}
