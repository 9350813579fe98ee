import { describe, expect, it } from '@jest/globals';
import type { Callback, RunState } from '@refold/core';
import { describeCallback } from './describe-callback.js';
import { failuresOf } from './spec-kit/failures-of.js';

/** Keeps states in memory, by output folder. */
function keeper(change: (state: RunState) => RunState = (state) => state): () => Callback {
  const saved = new Map<string, RunState>();
  return () => ({
    name: 'keeper',
    restore: async ({ outputDir }) => saved.get(outputDir) ?? null,
    async checkpointRequested(run) {
      saved.set(run.outputDir, change(await run.state()));
    },
  });
}

describeCallback('a callback without hooks', () => ({ name: 'nothing' }));
describeCallback('a callback that keeps states', keeper(), { restores: true });

const lastOf: { run?: string } = {};
const faults: readonly (readonly [string, () => Callback, string])[] = [
  [
    'a hook that needs a step first',
    () => {
      let steps = 0;
      return {
        name: 'impatient',
        stepEnded: async () => void steps++,
        runEnded: async () => {
          if (steps === 0) throw new Error('no step was made');
        },
      };
    },
    'a run without a single step: no step was made',
  ],
  [
    'an observer that throws',
    () => ({
      name: 'thrower',
      observe: (events) =>
        void events.subscribe(() => {
          throw new Error('broken observer');
        }),
    }),
    'broken observer',
  ],
  [
    'state shared by all runs',
    () => ({
      name: 'global',
      runStarting: async ({ outputDir }) => void (lastOf.run = outputDir),
      stepEnded: async ({ outputDir }) => {
        if (lastOf.run !== outputDir) throw new Error('the runs are mixed up');
      },
    }),
    'two runs at once: the runs are mixed up',
  ],
  [
    'a restored state that lost its position',
    keeper((state) => ({ ...state, position: { epoch: 0, batch: 0, step: 0 } })),
    'Position\nExpected {"epoch":1',
  ],
  [
    'a hook that steers the network',
    () => ({
      name: 'writer',
      validated: async (run) => {
        const { session } = run as unknown as { session: { update(rate: number): Promise<void> } };
        await session.update(0.1);
      },
    }),
    'changes nothing of the network',
  ],
];

describe('describeCallback', () => {
  it.each(faults)('catches %s', async (_fault, make, symptom) => {
    const failures = await failuresOf((framework) =>
      describeCallback('broken', make, { framework, restores: true }),
    );
    expect(failures.join('\n')).toContain(symptom);
  });
});
