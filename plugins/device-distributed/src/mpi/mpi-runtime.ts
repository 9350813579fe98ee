import { hostname } from 'node:os';
import { TEXT_BYTES, THREAD_LEVELS, type ThreadLevel } from './constants.js';
import { endMpiAtExit } from './end-mpi-at-exit.js';
import { launcherMismatch, mpiEnded, mpiFailed, type RankPlace } from '../errors.js';
import type { MpiFound } from './find-mpi.js';
import { openMpiLibrary, type Handle, type MpiLibrary } from './mpi-library.js';
import { launchedRank } from '@refold/core';
import { SharedRegions } from './shared-regions.js';

/** MPI, started. There is one for the life of a process: it can be started only once. */
export interface MpiRuntime extends RankPlace {
  readonly mpi: MpiLibrary;
  readonly size: number;
  /** Processor name of every rank, by rank. */
  readonly hosts: readonly string[];
  readonly threadLevel: ThreadLevel;
  /** For asynchronous collectives, blocking ones, and the end: duplicates of MPI_COMM_WORLD, so that none disturbs another. */
  readonly comms: {
    readonly asynchronous: Handle;
    readonly blocking: Handle;
    readonly end: Handle;
  };
  /** Memory that all ranks reach. */
  readonly regions: SharedRegions;
}

let runtime: MpiRuntime | undefined;

/**
 * Starts MPI, or gives the one that is running. A collective the first time. It is ended when the process ends.
 *
 * @throws RefoldError `RF-DISTRIBUTED-LAUNCHER`, `RF-DISTRIBUTED-MPI`, `RF-DISTRIBUTED-ENDED`
 */
export function startMpi(found: MpiFound): MpiRuntime {
  if (runtime !== undefined) return runtime;
  const mpi = openMpiLibrary(found);
  const threadLevel = THREAD_LEVELS[initialise(mpi)]!;
  const { world, errorsReturn } = mpi.objects;
  const rank = ask((cell) => mpi.MPI_Comm_rank(world, cell));
  const size = ask((cell) => mpi.MPI_Comm_size(world, cell));
  const here = { mpi, rank, host: hostname() };
  const check = (code: number) => checkMpi(here, 'its start', code);
  check(mpi.MPI_Comm_set_errhandler(world, errorsReturn));
  const expected = launchedRank()?.size ?? size;
  if (expected !== size) throw launcherMismatch(found.library, { expected, received: size });

  const duplicate = () => {
    const cell = mpi.newHandleCell();
    check(mpi.MPI_Comm_dup(world, cell));
    check(mpi.MPI_Comm_set_errhandler(cell[0]!, errorsReturn));
    return cell[0]!;
  };
  const comms = { asynchronous: duplicate(), blocking: duplicate(), end: duplicate() };
  const names = new Uint8Array(size * TEXT_BYTES.host);
  const { byte } = mpi.objects;
  const own = processorName(mpi);
  check(mpi.MPI_Allgather(own, own.length, byte, names, own.length, byte, comms.blocking));
  const hosts = Array.from({ length: size }, (_, i) => textAt(names, i * TEXT_BYTES.host));

  const regions = new SharedRegions();
  const started = { ...here, host: hosts[rank]!, size, hosts, threadLevel, comms, regions };
  runtime = started;
  endMpiAtExit(started);
  return started;
}

/** @throws RefoldError `RF-DISTRIBUTED-MPI` for any code but success */
export function checkMpi(
  { mpi, rank, host }: RankPlace & { readonly mpi: MpiLibrary },
  what: string,
  code: number,
): void {
  if (code === 0) return;
  const text = new Uint8Array(TEXT_BYTES.error);
  mpi.MPI_Error_string(code, text, new Int32Array(1));
  throw mpiFailed(what, textAt(text, 0), { rank, host });
}

/** @returns the level of threads that MPI provides */
function initialise(mpi: MpiLibrary): number {
  if (ask((cell) => mpi.MPI_Finalized(cell)) !== 0) throw mpiEnded();
  if (ask((cell) => mpi.MPI_Initialized(cell)) !== 0)
    return ask((cell) => mpi.MPI_Query_thread(cell));
  const multiple = THREAD_LEVELS.indexOf('multiple');
  return ask((cell) => mpi.MPI_Init_thread(null, null, multiple, cell));
}

function processorName(mpi: MpiLibrary): Uint8Array {
  const name = new Uint8Array(TEXT_BYTES.host);
  mpi.MPI_Get_processor_name(name, new Int32Array(1));
  return name;
}

/** The number that a function of MPI writes. */
function ask(call: (cell: Int32Array) => number): number {
  const cell = new Int32Array(1);
  call(cell);
  return cell[0]!;
}

/** Up to the NUL. */
function textAt(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString('utf8');
}
