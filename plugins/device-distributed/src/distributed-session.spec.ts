import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { GradientBucket, LabelledBatch, TrainingSession } from '@refold/core';
import { DistributedSession } from './distributed-session.js';
import { ownGradients, sharedGradients, type GradientMemory } from './gradient-memory.js';
import { threadGroup } from './spec-kit/thread-group.js';

const outcome = { loss: 1, images: 4, correct: 2, forwardMs: 1, backwardMs: 1 };
const LENGTHS = [3, 2];
const OWN_SUMS = ['sum of 3', 'sum of 2'];
const WRITES = ['write 3', 'write 2'];

/** How a pass ends. */
interface Pass {
  succeed(): void;
  fail(error: Error): void;
}

/** Two replicas whose passes end when they are told to, and what happened on the first one. */
async function replicas(overlap: boolean, isShared: boolean, lengths = LENGTHS) {
  const log: string[] = [];
  const reads: number[] = [];
  const passes: Pass[] = [];
  const note = (rank: number, what: string) => rank === 0 && log.push(what);
  const groups = threadGroup(2, { shares: isShared });
  const sessions = groups.map(async (group, rank) => {
    const bucket = (length: number): GradientBucket => ({
      ...{ length, parameters: [] },
      read(into = new Float32Array(length)) {
        if (rank === 0) reads.push(length);
        return Promise.resolve(into.fill(rank));
      },
      write: () => Promise.resolve(void note(rank, `write ${length}`)),
    });
    const inner = {
      gradients: lengths.map(bucket),
      backward: () =>
        new Promise((resolve, reject) => {
          passes[rank] = {
            succeed() {
              note(rank, 'end of the pass');
              resolve(outcome);
            },
            fail: reject,
          };
        }),
      close: () => Promise.resolve(),
    } as unknown as TrainingSession;
    const actual = isShared
      ? sharedGradients((await group.share!(5))!, inner.gradients)
      : ownGradients(group, false);
    const memory: GradientMemory = {
      ...actual,
      add(parts) {
        note(rank, `sum of ${parts.map(({ length }) => length).join(' and ')}`);
        return actual.add(parts);
      },
      finish() {
        note(rank, 'finish');
        return actual.finish();
      },
      release: () => void note(rank, 'release'),
    };
    const rest = { accumulate: 1, memory, statistics: null };
    return new DistributedSession({ inner, group, overlap, ...rest });
  });
  return { log, reads, passes, sessions: await Promise.all(sessions) };
}

const backward = (session: DistributedSession) => session.backward({} as LabelledBatch);

describe('gradients of several buckets', () => {
  it.each([
    ['meanwhile, where sums overlap', true, false, [...OWN_SUMS, 'end of the pass']],
    ['after the pass, where they do not', false, false, ['end of the pass', ...OWN_SUMS]],
    ['meanwhile in shared memory', true, true, ['sum of 3 and 2', 'end of the pass']],
    ['after it there', false, true, ['end of the pass', 'sum of 3 and 2']],
  ] as const)('are summed %s', async (_title, overlap, isShared, expected) => {
    const { log, passes, sessions } = await replicas(overlap, isShared);
    const running = sessions.map(backward);
    await setImmediate();
    for (const pass of passes) pass.succeed();
    for (const { loss, images } of await Promise.all(running))
      expect({ loss, images }).toEqual({ loss: 1, images: 8 });
    expect(log).toEqual([...expected, 'finish', ...WRITES]);
  });

  it('are waited for only after the pass in shared memory', async () => {
    const { log, reads, passes, sessions } = await replicas(true, true);
    const running = backward(sessions[0]!);
    await setImmediate();
    // One wait for both.
    expect(reads).toEqual([2, 3]);
    passes[0]!.succeed();
    await setImmediate();
    expect(log).toEqual(['sum of 3 and 2', 'end of the pass', 'finish']);
    const other = backward(sessions[1]!);
    passes[1]!.succeed();
    await Promise.all([running, other]);
    expect(log.slice(3)).toEqual(WRITES);
  });

  it('are not waited for in shared memory where the pass fails', async () => {
    const { log, passes, sessions } = await replicas(true, true);
    const [first] = sessions as [DistributedSession, DistributedSession];
    const running = backward(first);
    await setImmediate();
    passes[0]!.fail(new Error('No power.'));
    await expect(running).rejects.toThrow('No power.');
    await first.close();
    expect(first.isOver).toBe(true);
    expect(log).toEqual(['sum of 3 and 2', 'release']);
  });

  it('are summed after the pass where they make one bucket', async () => {
    const { log, passes, sessions } = await replicas(true, true, [5]);
    const running = sessions.map(backward);
    await setImmediate();
    for (const pass of passes) pass.succeed();
    await Promise.all(running);
    expect(log).toEqual(['end of the pass', 'sum of 5', 'finish', 'write 5']);
  });
});
