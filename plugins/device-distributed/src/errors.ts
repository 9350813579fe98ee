import { RefoldError } from '@refold/graph';

/** Which process of which machine an error is about. */
export interface RankPlace {
  readonly rank: number;
  readonly host: string;
}

/** No MPI library can be loaded. @param tried each file with why it was not taken */
export function mpiMissing(tried: readonly string[], cause?: unknown): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-NO-MPI', {
    message: `No MPI library can be loaded. Looked at:\n${tried.map((line) => `  ${line}`).join('\n')}`,
    expected: 'the shared library of Open MPI, MPICH or Intel MPI',
    hint:
      'Install one: `apt-get install openmpi-bin libopenmpi-dev` (Debian, Ubuntu), `brew install open-mpi` (macOS) ' +
      'or `conda install -c conda-forge openmpi`. Where it is installed elsewhere, set REFOLD_MPI_LIBRARY to its file.',
    cause,
  });
}

/** The library that was loaded is not the one whose mpirun started this process: every rank would train alone. */
export function launcherMismatch(
  library: string,
  { expected, received }: { readonly expected: number; readonly received: number },
): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-LAUNCHER', {
    message: `These processes were not started by the launcher of ${library}.`,
    expected: `${expected} ranks, as the environment says`,
    received: `${received}, as ${library} says`,
    hint: "Start them with that MPI's own mpirun, or set REFOLD_MPI_LIBRARY to the file of the other one.",
  });
}

/** A function of MPI returned an error. @param text what MPI says about it */
export function mpiFailed(what: string, text: string, { rank, host }: RankPlace): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-MPI', {
    message: `MPI failed in ${what} on rank ${rank} (${host}): ${text}`,
    hint: 'Look for the first error in the output of the other ranks: this one may only follow from it.',
  });
}

/** A collective took longer than it may. @param waitedMs milliseconds */
export function timedOut(what: string, { rank, host }: RankPlace, waitedMs: number): RefoldError {
  const seconds = (waitedMs / 1000).toFixed(waitedMs < 10_000 ? 1 : 0);
  return new RefoldError('RF-DISTRIBUTED-TIMEOUT', {
    message: `Rank ${rank} on ${host} waited ${seconds} s in ${what} for the other ranks.`,
    hint:
      'One of them has ended, hangs or is much slower: look for the first error in their output. ' +
      "Where they only need longer, raise the device's timeoutMs (0: wait for ever).",
  });
}

/** Something was asked of a group after `close`. */
export function groupClosed(): RefoldError {
  return new RefoldError('RF-DEVICE-CLOSED', {
    message: 'This group of ranks is closed.',
    hint: 'Open another: MPI itself stays up until the process ends.',
  });
}

/** MPI was ended in this process, and it can be started only once. */
export function mpiEnded(): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-ENDED', {
    message: 'MPI has already been ended in this process, and cannot be started twice.',
    hint: 'Start a new process.',
  });
}

/** Ranks whose weights are not those of rank 0. */
export function replicasDiffer(epoch: number, ranks: readonly number[]): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-DIVERGED', {
    message: `After epoch ${epoch + 1} the weights of ${ranks.length} ranks are not those of rank 0.`,
    expected: 'the same bits on every rank',
    received: `others on rank ${ranks.slice(0, 8).join(', ')}${ranks.length > 8 ? ', …' : ''}`,
    hint: "Use hosts with the same processor and libraries, and go on from the checkpoint before (resume: 'auto').",
    exitCode: 3,
  });
}

/** The package manager failed. @param said its last words */
export function installFailed(command: string, said: string): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-INSTALL', {
    message: `'${command}' failed: ${said.trim().split('\n').at(-1) ?? 'no message'}`,
    hint: 'Run it by hand to see why.',
  });
}
