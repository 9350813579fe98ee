import type { LearningRatePolicy } from '@refold/core';
import { decayed, type DecayOptions } from './decay.js';

export interface ScheduleOptions extends Omit<DecayOptions, 'decayEpochs'> {
  /** Rate of the first step, as a share of the full rate. */
  readonly warmupFactor: number;
  /** Null: what is left of the run after the warm-up. */
  readonly decayEpochs: number | null;
}

/**
 * Warm-up, then decay, both by step. During W = warmupEpochs · stepsPerEpoch steps the rate rises linearly from
 * warmupFactor · rate: rate · (f + (1 − f) · t / W) at step t, counted from 0.
 */
export function schedule(options: ScheduleOptions): LearningRatePolicy {
  const { warmupEpochs, warmupFactor } = options;
  const decayEpochsOf = (epochs: number): number =>
    options.decayEpochs ?? Math.max(epochs - warmupEpochs, Number.EPSILON);
  return {
    describe({ epochs }) {
      const warmup = warmupEpochs > 0 ? `${warmupEpochs} epochs of warm-up, then ` : '';
      if (options.schedule === 'constant') return `${warmup}constant`;
      const length =
        options.schedule === 'multi-step'
          ? `× ${options.decayRate} at epochs ${options.milestones.join(', ')}`
          : `over ${Number(decayEpochsOf(epochs).toFixed(3))} epochs`;
      return `${warmup}${options.schedule} ${length} to at least ${options.minimum}`;
    },
    apply(rate, { step, stepsPerEpoch, epochs }) {
      const warmupSteps = warmupEpochs * stepsPerEpoch;
      if (step < warmupSteps) {
        return rate * (warmupFactor + ((1 - warmupFactor) * step) / warmupSteps);
      }
      const epoch = (step - warmupSteps) / stepsPerEpoch;
      return decayed(rate, epoch, { ...options, decayEpochs: decayEpochsOf(epochs) });
    },
  };
}
