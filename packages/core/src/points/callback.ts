import type { Graph, NamedTensors } from '@refold/graph';
import type { Observable } from 'rxjs';
import { definePoint } from '../plugin/extension-point.js';
import type { RefoldEvent } from '../events/refold-event.js';
import type { Dataset, ImageBatch } from './dataset.js';
import type { Device, Logits, StepOutcome } from './device.js';

/** Where a run stands; what comes next is batch `batch` of epoch `epoch`. */
export interface RunPosition {
  readonly epoch: number;
  /** Batches (per replica) of this epoch already trained on; always a multiple of the accumulation. */
  readonly batch: number;
  /** Updates made so far. */
  readonly step: number;
}

/** Everything needed to go on exactly: saved by checkpoints, restored by `restore`. */
export interface RunState {
  readonly position: RunPosition;
  /** What `TrainingSession.read` gave. */
  readonly tensors: NamedTensors;
  readonly best: Validation | null;
}

export interface Validation {
  readonly epoch: number;
  readonly images: number;
  /** Percent. */
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
  readonly imagesPerSecond: number;
}

/** What hooks see of the run. Valid from `runStarting` to `runEnded`. */
export interface RunContext {
  /** The resolved configuration, plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Absolute. */
  readonly outputDir: string;
  /** Train form, without loss. */
  readonly graph: Graph;
  readonly device: Device;
  readonly dataset: Dataset;
  readonly modelName: string;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly position: RunPosition;
  readonly best: Validation | null;
  /** Copies; may be kept. On several replicas a collective: all call it, and get the same. */
  state(): Promise<RunState>;
  /** Logits of the train form with running statistics. */
  infer(batch: ImageBatch): Promise<Logits>;
  /** Publishes an event (checkpoint-saved, fused, warned). */
  emit(event: RefoldEvent): void;
  /** Reports an artefact in the run's result (`checkpoint`, `fused`). */
  report(artefact: 'checkpoint' | 'fused', path: string): void;
}

/**
 * Hooks around a run: awaited, called in plugin order, may fail the run by throwing.
 * All are optional. See docs/extension-points/callback.md.
 */
export interface Callback {
  /** Name for plans and errors. */
  readonly name: string;
  /**
   * Called once before the first event, to subscribe to the run's facts. Informs only: what a subscriber throws
   * becomes a `plugin-failed` event and never stops the run. The stream completes when the run has ended.
   */
  observe?(events: Observable<RefoldEvent>): void;
  /** Asked once before training, in order, when `resume` is set; the first state given is used. */
  restore?(run: RunContext, from: string): Promise<RunState | null>;
  runStarting?(run: RunContext): Promise<void>;
  epochStarting?(run: RunContext, epoch: number): Promise<void>;
  stepEnded?(run: RunContext, outcome: StepOutcome & { readonly rate: number }): Promise<void>;
  validated?(run: RunContext, validation: Validation): Promise<void>;
  epochEnded?(run: RunContext, epoch: number): Promise<void>;
  /** A checkpoint was asked for: by the `checkpoint` command or because the run is being interrupted. */
  checkpointRequested?(run: RunContext, why: 'command' | 'interrupted'): Promise<void>;
  /** All epochs are done. Not called when the run was stopped or failed. */
  runEnded?(run: RunContext): Promise<void>;
  /** Called once, however the run ended, after everything else; what it throws becomes a `plugin-failed` event. */
  close?(): Promise<void> | void;
}

export const Callback = definePoint<Callback>({
  name: 'Callback',
  section: null,
  cardinality: 'many',
});
