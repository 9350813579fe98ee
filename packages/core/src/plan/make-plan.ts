import { activationBytes, count, parametersOf, type Graph, type UpdateRule } from '@refold/graph';
import type { Device } from '../points/device.js';
import type { RunPlan } from '../run/run-plan.js';
import { peakRate } from '../run/run-plan.js';
import type { ChosenProvider } from './chosen-provider.js';
import type { Plan } from './plan.js';

export interface PlanParts {
  readonly chosen: readonly ChosenProvider[];
  readonly graph: Graph;
  readonly device: Device;
  readonly deviceReason: string;
  readonly updateRule: UpdateRule;
  readonly run: RunPlan;
  readonly referenceGlobalBatch: number | null;
  readonly warnings: readonly string[];
}

/** Puts a plan into words and numbers. */
export function makePlan(parts: PlanParts): Plan {
  const { graph, run, device } = parts;
  const counts = count(graph);
  const context = {
    stepsPerEpoch: run.stepsPerEpoch,
    totalSteps: run.totalSteps,
    epochs: run.epochs,
    globalBatch: run.globalBatch,
  };
  return {
    providers: parts.chosen.map(({ point, plugin, use }) => ({
      point: point.name,
      plugin,
      name: use,
    })),
    model: run.modelName,
    parameters: counts.parameters,
    buffers: counts.buffers,
    macs: counts.macs,
    batchSize: run.batchSize,
    replicas: run.replicas,
    accumulate: run.accumulate,
    globalBatch: run.globalBatch,
    referenceGlobalBatch: parts.referenceGlobalBatch,
    baseRate: run.baseRate,
    rate: peakRate(run),
    ratePolicies: run.policies.map((policy) => policy.describe(context)),
    epochs: run.epochs,
    stepsPerEpoch: run.stepsPerEpoch,
    steps: run.lastStep,
    memoryBytes: trainingBytes(graph, run.batchSize, parts.updateRule),
    device: { name: device.info.name, library: device.info.library, reason: parts.deviceReason },
    outputDir: run.outputDir,
    warnings: parts.warnings,
  };
}

/** Weights, gradients, slots, buffers, and activations kept for the backward pass, in float32. */
function trainingBytes(graph: Graph, batchSize: number, rule: UpdateRule): number {
  const { buffers } = count(graph);
  const elements = parametersOf(graph).reduce(
    (sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1),
    0,
  );
  const kept = elements * (2 + rule.slots.length) + buffers;
  return kept * Float32Array.BYTES_PER_ELEMENT + activationBytes(graph, batchSize);
}
