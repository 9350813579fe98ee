import path from 'node:path';
import type { CoreConfig } from '../config/core-schema.js';
import { noSteps } from '../plan/errors.js';
import type { Dataset } from '../points/dataset.js';
import type { LearningRatePolicy } from '../points/learning-rate-policy.js';
import type { RunPlan } from './run-plan.js';

export interface RunPlanParts {
  readonly core: CoreConfig;
  /** Resolved configuration, plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly baseDir: string;
  readonly modelName: string;
  readonly dataset: Dataset;
  readonly policies: readonly LearningRatePolicy[];
  readonly replicas: number;
  readonly rank: number;
}

/**
 * Works out the numbers of a training run.
 *
 * @throws RefoldError `RF-PLAN-NO-STEPS` when the training split does not fill one global batch
 */
export function makeRunPlan(parts: RunPlanParts): RunPlan {
  const { core, dataset, replicas, rank } = parts;
  const { batchSize, accumulate } = core.data;
  const globalBatch = batchSize * replicas * accumulate;
  const batches = dataset.train.batchCount({ batchSize, replicas, rank });
  const stepsPerEpoch = Math.floor(batches / accumulate);
  if (stepsPerEpoch === 0) throw noSteps(dataset.train.size, globalBatch);
  const totalSteps = core.epochs * stepsPerEpoch;
  return {
    config: parts.config,
    outputDir: path.resolve(parts.baseDir, core.outputDir),
    modelName: parts.modelName,
    seed: core.seed,
    epochs: core.epochs,
    batchSize,
    accumulate,
    replicas,
    globalBatch,
    stepsPerEpoch,
    totalSteps,
    lastStep: Math.min(totalSteps, core.maxSteps ?? totalSteps),
    baseRate: core.rate.base,
    policies: parts.policies,
    validateEvery: core.validateEvery,
    resume: core.resume,
  };
}
