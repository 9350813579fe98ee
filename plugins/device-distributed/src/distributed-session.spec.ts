import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { GradientBucket, LabelledBatch, TrainingSession } from '@refold/core';
import { DistributedSession } from './distributed-session.js';
import { ownGradients, type GradientMemory } from './gradient-memory.js';
import { threadGroup } from './spec-kit/thread-group.js';

const outcome = { loss: 1, images: 4, correct: 2, forwardMs: 1, backwardMs: 1 };
const SUMS = ['sum of 3', 'sum of 2'];

/** Two replicas whose passes end when they are told to, and what happened on the first one. */
function replicas(overlap: boolean, isShared: boolean) {
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const sessions = threadGroup(2).map((group, rank) => {
    const bucket = (length: number): GradientBucket => ({
      ...{ length, parameters: [] },
      read: (into = new Float32Array(length)) => Promise.resolve(into.fill(rank)),
      write: () => Promise.resolve(),
    });
    const inner = {
      gradients: [bucket(3), bucket(2)],
      backward: () =>
        new Promise((resolve) => {
          ends.push(() => {
            if (rank === 0) log.push('end of the pass');
            resolve(outcome);
          });
        }),
    } as unknown as TrainingSession;
    const own = ownGradients(group, false);
    const memory: GradientMemory = {
      ...{ ...own, isShared },
      add(values) {
        if (rank === 0) log.push(`sum of ${values.length}`);
        return own.add(values);
      },
    };
    const rest = { accumulate: 1, memory, statistics: null };
    return new DistributedSession({ inner, group, overlap, ...rest });
  });
  return { log, ends, sessions };
}

describe('gradients of several buckets', () => {
  it.each([
    ['meanwhile, where sums overlap', true, false, [...SUMS, 'end of the pass']],
    ['after the pass, where they do not', false, false, ['end of the pass', ...SUMS]],
    ['meanwhile in shared memory', true, true, [...SUMS, 'end of the pass']],
    ['at once after it there', false, true, ['end of the pass', 'sum of 3 and 2']],
  ] as const)('are summed %s', async (_title, overlap, isShared, expected) => {
    const { log, ends, sessions } = replicas(overlap, isShared);
    const passes = sessions.map((session) => session.backward({} as LabelledBatch));
    await setImmediate();
    for (const end of ends) end();
    for (const { loss, images } of await Promise.all(passes))
      expect({ loss, images }).toEqual({ loss: 1, images: 8 });
    expect(log).toEqual(expected);
  });
});
