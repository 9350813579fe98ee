/** A process's place among those that a launcher of MPI started together. */
export interface LaunchedRank {
  readonly rank: number;
  readonly size: number;
  /** Its number among the ranks of the same host; null where the launcher does not say. */
  readonly localRank: number | null;
  /** The same for all processes of one launch, unlike that of others; null where the launcher gives none. */
  readonly job: string | null;
}

/** The variable in which `refold launch` names a launch to its ranks. */
export const LAUNCH_ID = 'REFOLD_LAUNCH_ID';

type Environment = Readonly<Record<string, string | undefined>>;

/** A launcher's variables: the rank, the number of ranks, and the rank on its host. */
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
 * Which rank this process is, by the variables of mpirun, mpiexec or srun, before MPI is started.
 *
 * @returns null for a process that was started by itself
 */
export function launchedRank(env: Environment = process.env): LaunchedRank | null {
  return (
    read(env, OPEN_MPI) ??
    read(env, HYDRA) ??
    (isSlurmTask(env) ? (read(env, SLURM_STEP) ?? read(env, SLURM_JOB)) : null)
  );
}

/**
 * srun started this task for MPI: a script of sbatch has SLURM_PROCID too, but neither PMI's variables (`srun
 * --mpi=pmi2`), nor PMIx's (`srun --mpi=pmix`), nor SLURM_MPI_TYPE.
 */
function isSlurmTask(env: Environment): boolean {
  const forMpi = ['PMI_RANK', 'PMI_FD', 'PMIX_RANK', 'SLURM_MPI_TYPE'].some((name) => name in env);
  return 'SLURM_PROCID' in env && Number(env['SLURM_NTASKS']) > 1 && forMpi;
}

function read(env: Environment, [rank, size, localRank]: Variables): LaunchedRank | null {
  const own = { rank: whole(env[rank]), size: whole(env[size]) };
  if (own.rank === null || own.size === null) return null;
  return {
    ...{ rank: own.rank, size: own.size },
    localRank: whole(env[localRank] ?? env['SLURM_LOCALID']),
    job: jobOf(env),
  };
}

/** MPICH's mpirun names none; a job of Slurm may have several steps. */
function jobOf(env: Environment): string | null {
  const named = [LAUNCH_ID, 'PMIX_NAMESPACE', 'PMI_JOBID', 'I_MPI_HYDRA_UUID'];
  const { SLURM_JOB_ID: job, SLURM_STEP_ID: step = '' } = env;
  const slurm = job === undefined ? null : `${job}.${step}`;
  return named.map((name) => env[name]).find((id) => id !== undefined) ?? slurm;
}

const whole = (text: string | undefined) => (/^\d+$/.test(text ?? '') ? Number(text) : null);
