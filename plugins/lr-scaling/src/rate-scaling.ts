import type { LearningRatePolicy } from '@refold/core';

export interface ScalingOptions {
  readonly rule: 'linear' | 'sqrt' | 'none';
  readonly referenceGlobalBatch: number;
}

/**
 * Scales the rate by how the global batch compares with the one it was chosen for: linearly (Goyal et al. 2017),
 * by the square root (Krizhevsky 2014), or not.
 */
export function rateScaling({ rule, referenceGlobalBatch }: ScalingOptions): LearningRatePolicy {
  const factor = (globalBatch: number): number => {
    const ratio = globalBatch / referenceGlobalBatch;
    return { linear: ratio, sqrt: Math.sqrt(ratio), none: 1 }[rule];
  };
  return {
    describe({ globalBatch }) {
      const differs = globalBatch !== referenceGlobalBatch;
      const batches = `global batch ${globalBatch}, reference ${referenceGlobalBatch}`;
      if (rule === 'none') return `not scaled (${batches})`;
      return `${rule}: × ${Number(factor(globalBatch).toPrecision(6))} (${batches}${differs ? '' : ', equal'})`;
    },
    apply: (rate, { globalBatch }) => rate * factor(globalBatch),
  };
}
