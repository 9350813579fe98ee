import type { LearningRatePolicy, RateContext } from '../points/learning-rate-policy.js';

/** The numbers of a training run, known before anything is computed. */
export interface RunPlan {
  /** Resolved configuration, plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Absolute. */
  readonly outputDir: string;
  readonly modelName: string;
  readonly seed: number;
  readonly epochs: number;
  /** Images per backward pass and replica. */
  readonly batchSize: number;
  /** Backward passes per update. */
  readonly accumulate: number;
  readonly replicas: number;
  /** batchSize × replicas × accumulate */
  readonly globalBatch: number;
  /** Updates per epoch; batches that do not fill one are dropped. */
  readonly stepsPerEpoch: number;
  /** epochs × stepsPerEpoch: what schedules refer to. */
  readonly totalSteps: number;
  /** Where the run ends: totalSteps, or earlier by `maxSteps`. */
  readonly lastStep: number;
  readonly baseRate: number;
  readonly policies: readonly LearningRatePolicy[];
  /** Validate after every so many epochs and after the last; 0: never. */
  readonly validateEvery: number;
  /** What `Callback.restore` is given; null: start afresh. */
  readonly resume: string | null;
}

/** The learning rate of an update, through the whole chain. @param step counted from 0 */
export function rateAt(plan: Omit<RunPlan, 'config' | 'outputDir'>, step: number): number {
  const context: RateContext = {
    step,
    stepsPerEpoch: plan.stepsPerEpoch,
    totalSteps: plan.totalSteps,
    epochs: plan.epochs,
    globalBatch: plan.globalBatch,
  };
  return plan.policies.reduce((rate, policy) => policy.apply(rate, context), plan.baseRate);
}

/** The largest rate of the run, looked for at up to 10,000 evenly spaced steps. */
export function peakRate(plan: Omit<RunPlan, 'config' | 'outputDir'>): number {
  const stride = Math.max(1, Math.ceil(plan.lastStep / 10_000));
  let peak = 0;
  for (let step = 0; step < plan.lastStep; step += stride) {
    peak = Math.max(peak, rateAt(plan, step));
  }
  return peak;
}
