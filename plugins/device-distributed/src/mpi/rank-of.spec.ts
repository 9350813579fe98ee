import { describe, expect, it } from '@jest/globals';
import { launchedUnderMpi } from './launched-under-mpi.js';
import { rankOf } from './rank-of.js';

const slurm = { SLURM_PROCID: '3', SLURM_NTASKS: '4', SLURM_LOCALID: '1' };

describe('rankOf and launchedUnderMpi', () => {
  it.each([
    [
      'mpirun of Open MPI',
      {
        OMPI_COMM_WORLD_RANK: '2',
        OMPI_COMM_WORLD_SIZE: '3',
        OMPI_COMM_WORLD_LOCAL_RANK: '0',
        PMIX_RANK: '2',
      },
      { rank: 2, size: 3, localRank: 0 },
    ],
    [
      'Hydra',
      { PMI_RANK: '1', PMI_SIZE: '2', MPI_LOCALRANKID: '1' },
      { rank: 1, size: 2, localRank: 1 },
    ],
    [
      'srun with PMI-2',
      { PMI_RANK: '3', PMI_SIZE: '4', ...slurm },
      { rank: 3, size: 4, localRank: 1 },
    ],
    ['srun with PMIx', { PMIX_RANK: '3', ...slurm }, { rank: 3, size: 4, localRank: 1 }],
    [
      'srun in a part of its job',
      { SLURM_MPI_TYPE: 'pmix', ...slurm, SLURM_PROCID: '1', SLURM_STEP_NUM_TASKS: '2' },
      { rank: 1, size: 2, localRank: 1 },
    ],
  ])('know a rank of %s', (_, env, expected) => {
    expect(rankOf(env)).toEqual(expected);
    expect(launchedUnderMpi(env)).toBe(true);
  });

  it.each([
    ['nothing', {}],
    ['a script of sbatch', { ...slurm, SLURM_PROCID: '0' }],
  ])('know %s', (_, env) => {
    expect(rankOf(env)).toBeNull();
    expect(launchedUnderMpi(env)).toBe(false);
  });

  it('know a rank whose launcher does not say which it is', () => {
    expect(launchedUnderMpi({ PMIX_RANK: '0' })).toBe(true);
    expect(rankOf({ PMIX_RANK: '0' })).toBeNull();
  });
});
