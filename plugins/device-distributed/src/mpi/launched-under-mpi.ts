import { isSlurmTask } from './rank-of.js';

/** Variables that only a launcher of MPI sets, in every process that it starts. */
const SIGNS = [
  // mpirun of Open MPI.
  'OMPI_COMM_WORLD_SIZE',
  // Hydra (mpirun of MPICH, MVAPICH and Intel MPI), and srun --mpi=pmi2.
  'PMI_RANK',
  'PMI_SIZE',
  // PMIx: Open MPI from version 3 on, srun --mpi=pmix, PRRTE.
  'PMIX_RANK',
  // Hydra: rank among those of the machine; there even where PMI's variables are not.
  'MPI_LOCALRANKID',
] as const;

/** Whether mpirun, mpiexec or srun started this process as a rank of an MPI job. */
export function launchedUnderMpi(env: Readonly<Record<string, string | undefined>>): boolean {
  return SIGNS.some((name) => name in env) || isSlurmTask(env);
}
