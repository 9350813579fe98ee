import type { LearningRatePolicy, RateContext } from '@refold/core';
import { expectEqual, expectThat } from './framework/expectations.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface LearningRatePolicyKitOptions extends KitOptions {
  /** Runs the policy is tried on, besides a long, a short and a one-step one. */
  readonly runs?: readonly Omit<RateContext, 'step'>[];
}

const usualRuns: readonly Omit<RateContext, 'step'>[] = [
  { epochs: 10, stepsPerEpoch: 20, totalSteps: 200, globalBatch: 256 },
  { epochs: 300, stepsPerEpoch: 3, totalSteps: 900, globalBatch: 2048 },
  // Stopped by maxSteps in the middle of the second epoch.
  { epochs: 5, stepsPerEpoch: 10, totalSteps: 13, globalBatch: 8 },
  { epochs: 1, stepsPerEpoch: 1, totalSteps: 1, globalBatch: 1 },
];

/**
 * Conformance kit for learning-rate policies: for every step of several runs the rate is finite, not negative,
 * and a function of its arguments alone.
 *
 * @param name shown in the titles
 */
export function describeLearningRatePolicy(
  name: string,
  make: () => LearningRatePolicy | Promise<LearningRatePolicy>,
  options: LearningRatePolicyKitOptions = {},
): void {
  const { describe, it } = frameworkOf(options.framework);

  describe(`${name} as a LearningRatePolicy`, () => {
    for (const run of [...usualRuns, ...(options.runs ?? [])]) {
      const what = `${run.totalSteps} steps, ${run.stepsPerEpoch} an epoch`;

      it(`${what}: gives a finite rate that is not negative`, async () => {
        const policy = await make();
        for (let step = 0; step < run.totalSteps; step++) {
          const rate = policy.apply(0.1, { ...run, step });
          expectThat(
            Number.isFinite(rate) && rate >= 0,
            `Rate at step ${step}`,
            'a finite number, not negative',
            rate,
          );
        }
      });

      it(`${what}: depends on its arguments alone`, async () => {
        const [forwards, backwards] = [await make(), await make()];
        const steps = Array.from({ length: run.totalSteps }, (_, step) => step);
        const there = steps.map((step) => forwards.apply(0.1, { ...run, step }));
        const back = steps.toReversed().map((step) => backwards.apply(0.1, { ...run, step }));
        expectEqual(back.toReversed(), there, 'Rates asked for in reverse order');
        const context = Object.freeze({ ...run, step: 0 });
        expectEqual(forwards.apply(0.1, context), there[0], 'Rate of step 0, asked for again');
      });

      it(`${what}: leaves a rate of zero at zero or above, and describes itself`, async () => {
        const policy = await make();
        const rate = policy.apply(0, { ...run, step: 0 });
        expectThat(Number.isFinite(rate) && rate >= 0, 'Rate from 0', 'finite, not negative', rate);
        const text = policy.describe(run);
        expectThat(text.trim().length > 0, 'describe', 'a short text', text);
        expectThat(!text.includes('\n'), 'describe', 'one line', text);
      });
    }
  });
}
