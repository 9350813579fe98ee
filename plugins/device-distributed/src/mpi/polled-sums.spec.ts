import { expect, it } from '@jest/globals';
import { hasSharedMemory } from './spec-kit/has-shared-memory.js';
import { describeLaunchers } from './spec-kit/mpi-launchers.js';
import type { SharingResult, Way } from './spec-kit/rank-sharing.js';
import { float32From } from './spec-kit/rank-script.js';
import { runRanks } from './spec-kit/run-ranks.js';
import { roughValuesOfRank, sumsOfRanks } from './spec-kit/values-of-rank.js';

/** In float32, in the order of the ranks. */
function orderedSums(length: number, size: number): Float32Array {
  const sums = roughValuesOfRank(length, 0);
  for (let rank = 1; rank < size; rank++)
    roughValuesOfRank(length, rank).forEach((value, i) => (sums[i]! += value));
  return sums;
}

const itShares = hasSharedMemory() ? it : it.skip;

describeLaunchers('sums that ranks poll for', (launcher) => {
  const share = <T = string>(size: number, way: Way) =>
    runRanks<T>(launcher, size, 'rank-sharing', [way]);

  /** Whatever the parts in which they are added, and whether anybody has finished. */
  async function expectOrderedSums(size: number, way: Way, threadLevel: string) {
    const { code, stderr, results } = await share<SharingResult>(size, way);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { length } = float32From(results[0]!.whole);
    const expected = Buffer.from(orderedSums(length, size).buffer).toString('base64');
    for (const { whole, parts, early, ...rest } of results as readonly SharingResult[]) {
      const same = [whole, parts, early].map((sums) => sums === expected);
      expect({ same, ...rest }).toEqual({ same: [true, true, true], threadLevel });
    }
  }

  itShares.each([2, 3, 4])('have the same bits on %i ranks, early or late', (size) =>
    expectOrderedSums(size, 'sums', 'multiple'),
  );

  itShares('have them where MPI allows calls from the main thread only', () =>
    expectOrderedSums(3, 'funneled', 'funneled'),
  );

  itShares('keep memory from others where they were left', async () => {
    const { code, results } = await share<object>(3, 'left');
    const [sum] = sumsOfRanks(1, 3);
    for (const [rank, result] of results.entries())
      expect(result).toMatchObject({ isOther: true, isAgain: true, sum, pending: rank && 900_003 });
    expect(code).toBe(0);
  });

  itShares('end all ranks when one stays away, and say who waited for what', async () => {
    const { code, stderr, results } = await share(3, 'late');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /RF-DISTRIBUTED-TIMEOUT: Rank [01] on [\w.-]+ waited [\d.]+ s in all-reduce number 1 /,
    );
    expect(stderr).not.toMatch(/Rank 2 on/);
    expect(results).toEqual(['started', 'started', 'started']);
  });

  itShares('end all ranks when one fails between two', async () => {
    const { code, stderr, results } = await share(3, 'throws');
    expect(code).toBe(1);
    expect(stderr).toMatch(/The last rank has had enough/);
    expect(results).toEqual([undefined, undefined, undefined]);
  });
});
