import type { Graph, NamedTensors } from '@refold/graph';
import type { EventChannel } from '../events/event-channel.js';
import type { RefoldEvent } from '../events/refold-event.js';
import type {
  Callback,
  RunContext,
  RunPosition,
  RunState,
  Validation,
} from '../points/callback.js';
import type { Dataset, ImageBatch } from '../points/dataset.js';
import type { Device, Logits, TrainingSession } from '../points/device.js';
import type { CommandQueue } from './command-queue.js';
import type { RunPlan } from './run-plan.js';

export interface TrainingRunParts {
  readonly plan: RunPlan;
  readonly graph: Graph;
  readonly device: Device;
  readonly dataset: Dataset;
  readonly session: TrainingSession;
  readonly callbacks: readonly Callback[];
  readonly events: EventChannel;
  readonly commands: CommandQueue;
}

/**
 * The state of one training run: what the loop moves forward and what callbacks may see.
 * Holds no behaviour of training itself; that is `train.ts`.
 */
export class TrainingRun implements RunContext {
  readonly artefacts: { checkpoint: string | null; fused: string | null } = {
    checkpoint: null,
    fused: null,
  };
  position: RunPosition = { epoch: 0, batch: 0, step: 0 };
  best: Validation | null = null;
  last: Validation | null = null;
  interrupted = false;

  constructor(readonly parts: TrainingRunParts) {}

  get commands(): CommandQueue {
    return this.parts.commands;
  }
  get config(): Readonly<Record<string, unknown>> {
    return this.parts.plan.config;
  }
  get outputDir(): string {
    return this.parts.plan.outputDir;
  }
  get modelName(): string {
    return this.parts.plan.modelName;
  }
  get totalSteps(): number {
    return this.parts.plan.totalSteps;
  }
  get stepsPerEpoch(): number {
    return this.parts.plan.stepsPerEpoch;
  }
  get epochs(): number {
    return this.parts.plan.epochs;
  }
  get graph(): Graph {
    return this.parts.graph;
  }
  get device(): Device {
    return this.parts.device;
  }
  get dataset(): Dataset {
    return this.parts.dataset;
  }

  async state(): Promise<RunState> {
    const tensors: NamedTensors = await this.parts.session.read();
    return { position: this.position, tensors, best: this.best };
  }

  /** Goes on from a state that a callback restored. */
  async goOnFrom(state: RunState): Promise<void> {
    await this.parts.session.write(state.tensors);
    this.position = state.position;
    this.best = state.best;
  }

  infer(batch: ImageBatch): Promise<Logits> {
    return this.parts.session.infer(batch);
  }

  emit(event: RefoldEvent): void {
    this.parts.events.emit(event);
  }

  report(artefact: 'checkpoint' | 'fused', path: string): void {
    this.artefacts[artefact] = path;
  }

  /** Calls one hook of every callback that has it, in plugin order, each awaited. */
  async hook(call: (callback: Callback) => Promise<unknown> | undefined): Promise<void> {
    for (const callback of this.parts.callbacks) await call(callback);
  }
}
