import { withLoss, type Graph, type NamedTensors, type UpdateRule } from '@refold/graph';
import type { CoreConfig } from '../config/core-schema.js';
import type { TrainingUse } from '../points/device.js';
import type { RunPlan } from './run-plan.js';

export interface TrainingLoadParts {
  readonly core: CoreConfig;
  readonly run: RunPlan;
  /** Train form, without loss. */
  readonly graph: Graph;
  readonly updateRule: UpdateRule;
  readonly weights: NamedTensors;
}

/** What a run gives its device to load. */
export interface TrainingLoad {
  readonly lossGraph: Graph;
  readonly use: TrainingUse;
}

/** The graph with its loss, and how it is to be trained. */
export function trainingLoad(parts: TrainingLoadParts): TrainingLoad {
  const { core, run, graph, updateRule, weights } = parts;
  return {
    lossGraph: withLoss(graph, { labelSmoothing: core.loss.labelSmoothing, targets: 'index' }),
    use: {
      kind: 'training',
      batchSize: run.batchSize,
      precision: core.device.precision,
      updateRule,
      weights,
      seed: run.seed,
      accumulate: run.accumulate,
    },
  };
}
