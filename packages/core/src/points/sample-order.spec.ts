import { describe, expect, it } from '@jest/globals';
import { sampleBatchCount, sampleOrder } from './sample-order.js';

const plan = { batchSize: 4, rank: 0, replicas: 1, seed: 7, epoch: 0 };
const training = { shuffle: true, dropLast: true };
const validation = { shuffle: false, dropLast: false };
const numbers = (batches: readonly Int32Array[]) => batches.map((batch) => [...batch]);

describe('sampleOrder', () => {
  it('gives n replicas with batch b the samples of one replica with batch n·b, step by step', () => {
    const one = numbers(sampleOrder({ ...plan, batchSize: 12 }, 100, training));
    const ranks = [0, 1, 2].map((rank) =>
      numbers(sampleOrder({ ...plan, replicas: 3, rank }, 100, training)),
    );
    expect(one).toHaveLength(8);
    expect(one.map((_, step) => ranks.flatMap((batches) => batches[step]!))).toEqual(one);
  });

  it('draws another order each epoch and seed, the same for the same', () => {
    const order = (seed: number, epoch: number) =>
      numbers(sampleOrder({ ...plan, seed, epoch }, 64, training)).flat();
    expect(order(7, 0)).toEqual(order(7, 0));
    expect(order(7, 1)).not.toEqual(order(7, 0));
    expect(order(8, 0)).not.toEqual(order(7, 0));
    expect(order(7, 1).sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });

  it.each([1, 2, 3, 5])('covers each sample once in validation with %i replicas', (replicas) => {
    for (const size of [0, 1, 3, 19, 40, 41]) {
      const seen = Array.from({ length: replicas }, (_, rank) => {
        const batches = sampleOrder({ ...plan, replicas, rank }, size, validation);
        expect(batches).toHaveLength(
          sampleBatchCount({ ...plan, replicas, rank }, size, validation),
        );
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(plan.batchSize);
        }
        return numbers(batches).flat();
      }).flat();
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
    }
  });

  it('goes by index without shuffling', () => {
    expect(numbers(sampleOrder(plan, 10, validation))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
  });
});
