import { availableParallelism } from 'node:os';
import { LAUNCH_ID } from '@refold/core';
import type { LauncherFamily } from './find-launcher.js';
import { CLEANUP_SIGNAL } from './hydra-lines.js';
import type { LaunchOptions } from './launch-options.js';

/** What this machine is, for the choice of arguments. */
export interface LaunchMachine {
  readonly cores: number;
  readonly isRoot: boolean;
}

export function thisMachine(): LaunchMachine {
  return { cores: availableParallelism(), isRoot: process.getuid?.() === 0 };
}

/** Arguments of mpirun before the program that it starts. */
export function launcherArguments(
  family: LauncherFamily,
  options: LaunchOptions,
  machine: LaunchMachine,
): string[] {
  return family === 'openmpi' ? openMpi(options, machine) : hydra(options);
}

/** Environment of the ranks: threads, which each library reads from its own variable. */
export function rankEnvironment(
  options: LaunchOptions,
  { cores }: LaunchMachine,
): Readonly<Record<string, string>> {
  const ranksHere = Math.ceil(options.ranks / Math.max(1, options.hosts.length));
  const threads = String(options.threads ?? Math.max(1, Math.floor(cores / ranksHere)));
  return {
    OMP_NUM_THREADS: threads,
    TF_NUM_INTRAOP_THREADS: threads,
    // Ranks that wait in vain must not keep the others from their cores.
    OMP_WAIT_POLICY: 'passive',
    // Intel MPI tells how each rank ended: let the others differ from the first, which may have been killed (9).
    I_MPI_JOB_ABORT_SIGNAL: String(CLEANUP_SIGNAL),
  };
}

function openMpi(options: LaunchOptions, { cores, isRoot }: LaunchMachine): string[] {
  const { ranks, hosts, hostfile, bindCore, threads = 1 } = options;
  const each = Math.ceil(ranks / Math.max(1, hosts.length));
  const isLocal = hosts.length === 0 && hostfile === undefined;
  return [
    ...['-n', String(ranks)],
    ...(isRoot ? ['--allow-run-as-root'] : []),
    ...(isLocal && ranks > cores ? ['--oversubscribe'] : []),
    ...(bindCore ? ['--map-by', `slot:PE=${threads}`, '--bind-to', 'core'] : ['--bind-to', 'none']),
    ...(hosts.length > 0 ? ['--host', hosts.map((host) => `${host}:${each}`).join(',')] : []),
    ...(hostfile === undefined ? [] : ['--hostfile', hostfile]),
    ...['OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'OMP_WAIT_POLICY', LAUNCH_ID].flatMap(
      (name) => ['-x', name],
    ),
  ];
}

function hydra({ ranks, hosts, hostfile, bindCore, threads = 1 }: LaunchOptions): string[] {
  return [
    ...['-n', String(ranks)],
    ...(bindCore ? ['-bind-to', `core:${threads}`] : []),
    ...(hosts.length > 0 ? ['-hosts', hosts.join(',')] : []),
    ...(hostfile === undefined ? [] : ['-f', hostfile]),
  ];
}
