type Environment = Readonly<Record<string, string | undefined>>;

export interface LaunchedRank {
  readonly rank: number;
  readonly size: number;
  /** Its number among the ranks of the same machine; null where the launcher does not say. */
  readonly localRank: number | null;
}

/** A launcher's variables: the rank, the number of ranks, and the rank on its machine. */
type Variables = readonly [rank: string, size: string, localRank: string];

/** mpirun of Open MPI (also version 5's prterun), in every rank's environment. */
const OPEN_MPI: Variables = [
  'OMPI_COMM_WORLD_RANK',
  'OMPI_COMM_WORLD_SIZE',
  'OMPI_COMM_WORLD_LOCAL_RANK',
];
/** Hydra, the mpirun of MPICH, MVAPICH and Intel MPI; without the last also `srun --mpi=pmi2`. */
const HYDRA: Variables = ['PMI_RANK', 'PMI_SIZE', 'MPI_LOCALRANKID'];
/** srun, in every task of a step. */
const SLURM_STEP: Variables = ['SLURM_PROCID', 'SLURM_STEP_NUM_TASKS', 'SLURM_LOCALID'];
/** srun of old versions, and sbatch for its script: the tasks of the whole job. */
const SLURM_JOB: Variables = ['SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'];

/**
 * Which rank this process is, by its launcher's variables, before MPI is started. Null for a process that was not
 * started by one, and where it only says that it did.
 */
export function rankOf(env: Environment): LaunchedRank | null {
  return (
    read(env, OPEN_MPI) ??
    read(env, HYDRA, env['SLURM_LOCALID']) ??
    (isSlurmTask(env) ? (read(env, SLURM_STEP) ?? read(env, SLURM_JOB)) : null)
  );
}

/**
 * srun started this task for MPI: a script of sbatch has SLURM_PROCID too, but neither PMI's variables (`srun
 * --mpi=pmi2`), nor PMIx's (`srun --mpi=pmix`), nor SLURM_MPI_TYPE.
 */
export function isSlurmTask(env: Environment): boolean {
  const forMpi = ['PMI_RANK', 'PMI_FD', 'PMIX_RANK', 'SLURM_MPI_TYPE'].some((name) => name in env);
  return 'SLURM_PROCID' in env && Number(env['SLURM_NTASKS']) > 1 && forMpi;
}

function read(env: Environment, names: Variables, localRank = env[names[2]]): LaunchedRank | null {
  const [rank, size, local] = [env[names[0]], env[names[1]], env[names[2]] ?? localRank].map(whole);
  if (rank === null || size === null || rank === undefined || size === undefined) return null;
  return { rank, size, localRank: local ?? null };
}

const whole = (text: string | undefined) => (/^\d+$/.test(text ?? '') ? Number(text) : null);
