import { execFileSync } from 'node:child_process';
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
