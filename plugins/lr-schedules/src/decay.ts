/** Forms of decay after the warm-up. */
export type DecayName = 'cosine' | 'step' | 'multi-step' | 'polynomial' | 'constant';

export interface DecayOptions {
  readonly schedule: DecayName;
  readonly minimum: number;
  /** Epochs: of the whole decay (cosine, polynomial) or between two drops (step). */
  readonly decayEpochs: number;
  readonly decayRate: number;
  /** Epochs of the run, for multi-step. */
  readonly milestones: readonly number[];
  readonly power: number;
  readonly warmupEpochs: number;
}

/**
 * The rate at some epoch after the warm-up; all forms start at `rate`.
 *
 *     cosine      min + (rate − min) · (1 + cos π·e/E) / 2
 *     polynomial  min + (rate − min) · (1 − e/E)^power
 *     step        rate · decayRate^⌊e/E⌋
 *     multi-step  rate · decayRate^(milestones passed)
 *
 * with e epochs since the warm-up (fractional: decay goes by step) and E = decayEpochs. Nothing falls below the
 * minimum, nor is a rate that is below it raised.
 *
 * @param epoch epochs since the warm-up's end
 */
export function decayed(rate: number, epoch: number, options: DecayOptions): number {
  const { schedule, decayEpochs, decayRate, milestones, power, warmupEpochs } = options;
  const minimum = Math.min(options.minimum, rate);
  const progress = Math.min(1, epoch / decayEpochs);
  switch (schedule) {
    case 'constant':
      return rate;
    case 'cosine':
      return minimum + ((rate - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
    case 'polynomial':
      return minimum + (rate - minimum) * (1 - progress) ** power;
    case 'step':
      return Math.max(minimum, rate * decayRate ** Math.floor(epoch / decayEpochs));
    case 'multi-step': {
      const passed = milestones.filter((milestone) => warmupEpochs + epoch >= milestone).length;
      return Math.max(minimum, rate * decayRate ** passed);
    }
  }
}
