import { expect, it } from '@jest/globals';
import { LAUNCH_ID, launchedRank } from './launched-rank.js';

it.each([
  [
    'mpirun of Open MPI',
    {
      ...{ OMPI_COMM_WORLD_RANK: '3', OMPI_COMM_WORLD_SIZE: '8', OMPI_COMM_WORLD_LOCAL_RANK: '1' },
      ...{ PMIX_NAMESPACE: '71', PMIX_RANK: '3' },
    },
    { rank: 3, size: 8, localRank: 1, job: '71' },
  ],
  [
    'mpirun of MPICH',
    { PMI_RANK: '0', PMI_SIZE: '2', MPI_LOCALRANKID: '0' },
    { rank: 0, size: 2, localRank: 0, job: null },
  ],
  [
    'mpirun of Intel MPI',
    { PMI_RANK: '0', PMI_SIZE: '2', MPI_LOCALRANKID: '0', I_MPI_HYDRA_UUID: '4e74' },
    { rank: 0, size: 2, localRank: 0, job: '4e74' },
  ],
  [
    'refold launch with any of them',
    { PMI_RANK: '0', PMI_SIZE: '2', I_MPI_HYDRA_UUID: '4e74', [LAUNCH_ID]: 'one' },
    { rank: 0, size: 2, localRank: null, job: 'one' },
  ],
  [
    'srun --mpi=pmi2',
    { PMI_RANK: '5', PMI_SIZE: '6', SLURM_LOCALID: '2', SLURM_JOB_ID: '9', SLURM_STEP_ID: '1' },
    { rank: 5, size: 6, localRank: 2, job: '9.1' },
  ],
  [
    'srun --mpi=pmix',
    {
      ...{ PMIX_RANK: '1', SLURM_PROCID: '1', SLURM_NTASKS: '4', SLURM_STEP_NUM_TASKS: '4' },
      ...{ SLURM_LOCALID: '1', PMIX_NAMESPACE: 'slurm.9.0' },
    },
    { rank: 1, size: 4, localRank: 1, job: 'slurm.9.0' },
  ],
])('reads what %s sets', (_launcher, env, expected) => {
  expect(launchedRank(env)).toEqual(expected);
});

it.each([
  ['nothing', {}],
  ["sbatch's script", { SLURM_PROCID: '0', SLURM_NTASKS: '4' }],
  ['half of it', { OMPI_COMM_WORLD_RANK: '0' }],
  ['no number', { PMI_RANK: 'x', PMI_SIZE: '2' }],
])('takes a process with %s for one by itself', (_what, env) => {
  expect(launchedRank(env)).toBeNull();
});
