import { describe, expect, it } from '@jest/globals';
import type { GradientBucket } from '@refold/core';
import { GradientLender } from './gradient-lender.js';
import type { GradientMemory } from './gradient-memory.js';
import { threadGroup } from './spec-kit/thread-group.js';

const LENGTHS = [3, 2];

/** Buckets of a device that keeps its gradients where it likes. */
const bucketsElsewhere = (rank: number) =>
  LENGTHS.map((length) => ({
    length,
    read: (into = new Float32Array(length)) => Promise.resolve(into.fill(rank + 1)),
  })) as unknown as GradientBucket[];

/** Buckets in memory that is lent, with a float of padding after each. */
const bucketsIn = (memory: Float32Array, rank: number) =>
  LENGTHS.map((length, i) => {
    const values = memory.subarray(4 * i, 4 * i + length).fill(rank + 1);
    return { length, borrow: () => Promise.resolve({ values, count: 2 }) };
  }) as unknown as GradientBucket[];

/** Sums of all ranks, bucket by bucket, as each rank has them in the end. */
async function sumTogether(
  buckets: readonly (readonly GradientBucket[])[],
  memories: readonly GradientMemory[],
) {
  return Promise.all(
    memories.map(async (memory, rank) => {
      const lent = [];
      for (const [i, bucket] of buckets[rank]!.entries()) {
        const one = await memory.gradientsOf(bucket, i);
        await memory.add([one.values]);
        lent.push(one);
      }
      await memory.finish();
      return lent.map(({ values, count }) => [[...values], count]);
    }),
  );
}

const loadAll = (lenders: readonly GradientLender[], all: readonly (readonly GradientBucket[])[]) =>
  Promise.all(lenders.map((lender, rank) => lender.memoryFor(all[rank]!)));

describe('where gradients lie while replicas sum them', () => {
  it('is memory that all share, for a device that asks for it', async () => {
    const lenders = threadGroup(3, { shares: true }).map(
      (group) => new GradientLender(group, false),
    );
    const lent = await Promise.all(lenders.map((lender) => lender.lend(8)));
    const buckets = lent.map((memory, rank) => bucketsIn(memory!, rank));
    const memories = await loadAll(lenders, buckets);
    expect(memories.map(({ isShared }) => isShared)).toEqual([true, true, true]);
    for (const sums of await sumTogether(buckets, memories))
      expect(sums).toEqual([
        [[6, 6, 6], 2],
        [[6, 6], 2],
      ]);
    expect([...lent[2]!.subarray(0, 3)]).toEqual([6, 6, 6]);
  });

  it.each([
    ['memory that all share, by copies of a device that does not ask', true, false],
    ["each replica's own, where they share none", false, false],
    ["each replica's own, where gradients are compressed", true, true],
  ])('is %s', async (_title, shares, isCompressed) => {
    const groups = threadGroup(3, { shares });
    const lenders = groups.map((group) => new GradientLender(group, isCompressed));
    const buckets = lenders.map((_, rank) => bucketsElsewhere(rank));
    const memories = await loadAll(lenders, buckets);
    expect(memories[0]!.isShared).toBe(shares && !isCompressed);
    for (const sums of await sumTogether(buckets, memories))
      expect(sums).toEqual([
        [[6, 6, 6], 1],
        [[6, 6], 1],
      ]);
  });
});
