import { definePoint } from '../plugin/extension-point.js';

/** What a rate may depend on. Steps are counted in updates. */
export interface RateContext {
  /** 0 for the first update of the run. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly epochs: number;
  /** batch × replicas × accumulation. */
  readonly globalBatch: number;
}

/** One link of the chain that makes the learning rate, in plugin order. See docs/extension-points/learning-rate-policy.md. */
export interface LearningRatePolicy {
  /** Short text for the plan (`linear: × 4 (global batch 1024 / 256)`). */
  describe(context: Omit<RateContext, 'step'>): string;
  /** Rate → rate. Pure. */
  apply(rate: number, context: RateContext): number;
}

export const LearningRatePolicy = definePoint<LearningRatePolicy>({
  name: 'LearningRatePolicy',
  section: 'rate',
  cardinality: 'many',
});
