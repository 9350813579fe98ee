import { mkdir } from 'node:fs/promises';
import type { Graph } from '@refold/graph';
import type { EventChannel } from '../events/event-channel.js';
import type { RunResult } from '../events/refold-event.js';
import type { Callback } from '../points/callback.js';
import type { Dataset } from '../points/dataset.js';
import type { Device, TrainingUse } from '../points/device.js';
import type { CommandQueue } from './command-queue.js';
import { outputDirUnusable } from './errors.js';
import type { MergedWeights } from './merge-weights.js';
import type { RunPlan } from './run-plan.js';
import { train } from './train.js';
import { TrainingRun } from './training-run.js';

export interface RunTrainingParts {
  readonly run: RunPlan;
  /** Train form, without loss. */
  readonly graph: Graph;
  readonly lossGraph: Graph;
  readonly use: TrainingUse;
  /** What became of given weights; null when starting with fresh ones. */
  readonly merged: MergedWeights | null;
  readonly dataset: Dataset;
  readonly device: Device;
  readonly callbacks: readonly Callback[];
  readonly events: EventChannel;
  readonly commands: CommandQueue;
}

/** Loads the network on the device, trains it, and returns how it ended. The session is closed in any case. */
export async function runTraining(parts: RunTrainingParts): Promise<RunResult> {
  const { run: plan, graph, device, dataset, callbacks, events, commands } = parts;
  const started = performance.now();
  const session = await device.load(parts.lossGraph, parts.use);
  try {
    const run = new TrainingRun({
      plan,
      graph,
      device,
      dataset,
      session,
      callbacks,
      events,
      commands,
    });
    warnOfWeights(parts);
    await makeFolder(plan.outputDir);
    await train(run);
    return {
      outputDir: plan.outputDir,
      epochs: run.position.epoch,
      steps: run.position.step,
      bestTop1: run.best?.top1 ?? null,
      finalTop1: run.last?.top1 ?? null,
      checkpoint: run.artefacts.checkpoint,
      fused: run.artefacts.fused,
      seconds: (performance.now() - started) / 1000,
      interrupted: run.interrupted,
    };
  } finally {
    await session.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw outputDirUnusable(folder, cause);
  }
}

function warnOfWeights({ merged, events }: RunTrainingParts): void {
  if (!merged) return;
  const say = (what: string, names: readonly string[]): void => {
    if (names.length === 0) return;
    const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
    events.emit({
      type: 'warned',
      code: 'RF-RUN-WEIGHTS',
      message: `${names.length} tensors ${what}: ${shown}`,
    });
  };
  say('of the network were not in the given weights and start fresh', merged.missing);
  say('had another shape in the given weights and start fresh', merged.reinitialised);
  say('of the given weights are not in the network and were not used', merged.unexpected);
}
