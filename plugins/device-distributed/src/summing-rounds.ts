/**
 * Floats that make a round in shared memory: each wakes the main thread on a core that computes, and between two of onednn's
 * buckets that costs as much as it gains. More floats, and more of them are left for the end of the pass.
 */
const ROUND = 2 ** 21;

/**
 * Which buckets are summed together: as few in a row as have so many floats.
 *
 * @param lengths of all buckets, in floats
 * @param isShared whether they lie in memory that all replicas reach; elsewhere each is a round, since a network gains from
 *   every early start
 */
export function summingRounds(lengths: readonly number[], isShared: boolean): number[][] {
  const rounds: number[][] = [];
  let floats = Infinity;
  for (const [i, length] of lengths.entries()) {
    if (floats >= (isShared ? ROUND : 0)) {
      rounds.push([]);
      floats = 0;
    }
    rounds.at(-1)!.push(i);
    floats += length;
  }
  return rounds;
}
