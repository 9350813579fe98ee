import { execFileSync, spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';

/** Whether an MPI is installed with its launcher. */
export const hasMpi: boolean = (() => {
  try {
    execFileSync('mpirun', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** `describe`, skipped with the reason in its name where there is no MPI. */
export function describeWithMpi(name: string, body: () => void): void {
  if (hasMpi) describe(name, body);
  else describe.skip(`${name} (no mpirun: apt-get install openmpi-bin)`, body);
}

const FAMILIES: readonly (readonly [family: string, sign: RegExp])[] = [
  ['Open MPI', /Open MPI|OpenRTE/],
  ['Intel MPI', /Intel\(R\) MPI/],
  ['MPICH', /HYDRA/],
];

/** An mpirun of each family that is installed, for `REFOLD_MPIRUN`. */
export const launchers: readonly (readonly [family: string, command: string])[] = (() => {
  const found = new Map<string, string>();
  for (const command of ['mpirun', 'mpirun.openmpi', 'mpirun.mpich']) {
    const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    const [family] = FAMILIES.find(([, sign]) => sign.test(stdout ?? '')) ?? [];
    if (family && !found.has(family)) found.set(family, command);
  }
  return [...found];
})();
