import { describe, expect, it } from '@jest/globals';
import { describeLearningRatePolicy } from '@refold/testing';
import { rateScaling } from './rate-scaling.js';

const context = { stepsPerEpoch: 1, totalSteps: 1, epochs: 1, globalBatch: 1024, step: 0 };

for (const rule of ['linear', 'sqrt', 'none'] as const) {
  describeLearningRatePolicy(rule, () => rateScaling({ rule, referenceGlobalBatch: 256 }));
}

describe('rateScaling', () => {
  it.each([
    ['linear', 0.2],
    ['sqrt', 0.1],
    ['none', 0.05],
  ] as const)('%s', (rule, expected) => {
    const policy = rateScaling({ rule, referenceGlobalBatch: 256 });
    expect(policy.apply(0.05, context)).toBeCloseTo(expected, 15);
  });

  it('announces what it does', () => {
    const linear = rateScaling({ rule: 'linear', referenceGlobalBatch: 256 });
    expect(linear.describe(context)).toBe('linear: × 4 (global batch 1024, reference 256)');
    const none = rateScaling({ rule: 'none', referenceGlobalBatch: 256 });
    expect(none.describe(context)).toBe('not scaled (global batch 1024, reference 256)');
  });
});
