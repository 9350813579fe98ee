import { describe, expect, it } from '@jest/globals';
import { describeLaunchers, mpiLaunchers, type MpiLauncher } from './spec-kit/mpi-launchers.js';
import type { Life, OverlapResult } from './spec-kit/rank-life.js';
import { runRanks } from './spec-kit/run-ranks.js';
import { sumsOfRanks } from './spec-kit/values-of-rank.js';

const SIZE = 3;

const live = <T = string>(launcher: MpiLauncher, life: Life, env: NodeJS.ProcessEnv = {}) =>
  runRanks<T>(launcher, SIZE, 'rank-life', [life], env);

describeLaunchers('the life of ranks', (launcher) => {
  it('sums on the calling thread while an asynchronous sum is under way', async () => {
    const { code, stderr, results } = await live<OverlapResult>(launcher, 'overlap');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const sums = sumsOfRanks(1_000_003, SIZE);
    for (const [rank, result] of results.entries())
      expect(result).toEqual({
        stillRunning: rank === 0,
        blocking: [1 + 2 + 3],
        asynchronous: [sums[0], sums.at(-1)],
      });
  });

  it('lets the event loop turn while it waits', async () => {
    expect(await live(launcher, 'turning')).toMatchObject({
      code: 0,
      results: ['done', 'done', 'done'],
    });
  });

  it('ends all ranks with the code of an abort', async () => {
    const { code, results } = await live(launcher, 'abort');
    expect({ code, results }).toEqual({ code: 7, results: Array(SIZE).fill(undefined) });
  });

  it('ends all ranks when one never comes, and says who waited for what', async () => {
    const { code, stderr, results } = await live(launcher, 'late');
    // Hydra mixes it with the signals by which it ends the others.
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /RF-DISTRIBUTED-TIMEOUT: Rank [01] on [\w.-]+ waited [\d.]+ s in all-reduce number 2 /,
    );
    expect(stderr).not.toMatch(/Rank 2 on/);
    expect(results).toEqual(['started', 'started', 'started']);
  });

  it('does so where the main thread is blocked', async () => {
    const { code, stderr, results } = await live(launcher, 'lateBlocking');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/RF-DISTRIBUTED-TIMEOUT: Rank [01] on .* in blocking sum number 1 /);
    expect(results).toEqual(Array(SIZE).fill(undefined));
  });

  it('ends all ranks when one ends with an error', async () => {
    const { code, stderr, results } = await live(launcher, 'throws');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Rank 1 has had enough/);
    expect(results).toEqual(Array(SIZE).fill(undefined));
  });

  it('lets all ranks come to their end where all fail', async () => {
    const { code, results } = await live(launcher, 'allFail');
    expect({ code, said: results[0] }).toEqual({ code: 3, said: 'said it' });
  });

  it('tells what MPI refuses', async () => {
    const { code, results } = await live<{ code: string; message: string }>(launcher, 'refused');
    expect(code).toBe(0);
    for (const [rank, result] of results.entries()) {
      expect(result?.code).toBe('RF-DISTRIBUTED-MPI');
      expect(result?.message).toMatch(new RegExp(`in broadcast on rank ${rank} \\(.*root`, 'is'));
    }
  });

  it('leaves the signals of WebAssembly to V8', async () => {
    const { code, results } = await live(launcher, 'traps');
    expect(code).toBe(0);
    for (const result of results)
      expect(result).toMatch(/RuntimeError: memory access out of bounds/);
  });

  it('says what to install where there is no library', async () => {
    const env = { REFOLD_MPI_LIBRARY: '/nonexistent/libmpi.so' };
    const { results } = await live(launcher, 'opens', env);
    expect(results).toEqual(Array(SIZE).fill('RF-DISTRIBUTED-NO-MPI'));
  });
});

describe('a launcher and a library of different families', () => {
  const mpich = mpiLaunchers().find(({ family }) => family === 'mpich');
  const openmpi = mpiLaunchers().some(({ family }) => family === 'openmpi');
  const test = mpich && openmpi && process.platform === 'linux' ? it : it.skip;

  test('are refused: every rank would be alone', async () => {
    const { results } = await live(mpich!, 'opens', { REFOLD_MPI_LIBRARY: 'libmpi.so.40' });
    expect(results).toEqual(Array(SIZE).fill('RF-DISTRIBUTED-LAUNCHER'));
  });
});
