import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { installFailed, mpiMissing } from './errors.js';
import { findMpi } from './mpi/index.js';

const APT = ['apt-get', 'install', '--yes', '--no-install-recommends', 'openmpi-bin'] as const;

/**
 * Makes sure that there is an MPI with its launcher. As root on Debian and its kin it installs Open MPI; elsewhere it says
 * what to do.
 *
 * @param report takes a line of progress
 * @returns what there is, in one sentence
 * @throws RefoldError `RF-DISTRIBUTED-NO-MPI`, `RF-DISTRIBUTED-INSTALL`
 */
export function installMpi(report: (line: string) => void): string {
  const found = findMpi();
  if (found.found && hasLauncher()) return `${found.library} was already there (${found.file}).`;
  if (process.getuid?.() !== 0 || !usesApt())
    throw mpiMissing(found.found ? ['mpirun: it is not there'] : found.tried);
  report(`Installing what is missing: ${APT.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Fails where an index is out of date in part, which need not matter.
  spawnSync('apt-get', ['update', '--quiet'], { env, stdio: 'ignore' });
  const [program, ...args] = APT;
  const { status, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (status !== 0) throw installFailed(APT.join(' '), stderr);
  const now = findMpi();
  if (!now.found) throw mpiMissing(now.tried);
  return `${now.library} is installed (${now.file}).`;
}

function hasLauncher(): boolean {
  try {
    execFileSync('mpirun', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function usesApt(): boolean {
  const file = '/etc/os-release';
  return existsSync(file) && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync(file, 'utf8'));
}
