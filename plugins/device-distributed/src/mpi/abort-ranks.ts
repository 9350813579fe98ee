import type { MpiLibrary } from './mpi-library.js';
import { sleepBlocking } from './sleep-blocking.js';

/** For the launcher to read what this rank has written: Hydra drops what it has not read when ranks abort. */
const LAST_WORDS_MS = 100;

/** Ends this process and all other ranks. @param code exit code of the job */
export function abortRanks(mpi: MpiLibrary, code: number): never {
  sleepBlocking(LAST_WORDS_MS);
  mpi.MPI_Abort(mpi.objects.world, code);
  // It does not come back.
  process.exit(code);
}
