import { describe, expect, it } from '@jest/globals';
import type { LearningRatePolicy } from '@refold/core';
import { describeLearningRatePolicy } from './describe-learning-rate-policy.js';
import { failuresOf } from './spec-kit/failures-of.js';

const policy = (apply: LearningRatePolicy['apply'], text = 'a policy'): LearningRatePolicy => ({
  describe: () => text,
  apply,
});

describeLearningRatePolicy('cosine', () =>
  policy(
    (rate, { step, totalSteps }) => (rate * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2,
  ),
);

let calls = 0;
const faults: readonly (readonly [string, LearningRatePolicy, string])[] = [
  [
    'a negative end',
    policy((rate, { step, totalSteps }) => rate * (0.5 - step / totalSteps)),
    'not negative',
  ],
  [
    'a division by zero',
    policy((rate, { totalSteps }) => rate / (totalSteps - 1)),
    'Received Infinity',
  ],
  ['a count of its calls', policy((rate) => rate / ++calls), 'depends on its arguments alone'],
  ['no text', policy((rate) => rate, ''), 'describes itself'],
];

describe('describeLearningRatePolicy', () => {
  it.each(faults)('catches %s', async (_fault, broken, symptom) => {
    const failures = await failuresOf((framework) =>
      describeLearningRatePolicy('broken', () => broken, { framework }),
    );
    expect(failures.join('\n')).toContain(symptom);
  });
});
