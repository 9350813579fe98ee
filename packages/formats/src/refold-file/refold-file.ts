import type { Graph, NamedTensors, Quantisation } from '@refold/graph';

/** How a single image becomes a sample in evaluation (core's `Preprocessing`, structurally). */
export interface FilePreprocessing {
  readonly resize: number | null;
  readonly crop: number;
  readonly interpolation: 'bilinear' | 'bicubic';
  readonly channels: 1 | 3;
}

/** Where a run stood when a checkpoint was written (core's `RunPosition`, structurally). */
export interface FilePosition {
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  /** Replicas that shared each global batch. Absent: one. */
  readonly replicas?: number;
}

/**
 * A network in a file of its own: loads without the plugin that described it. A `checkpoint` also holds what a
 * run needs to go on: the optimizer's slots among its weights, position and best result.
 */
export interface RefoldFile {
  readonly kind: 'checkpoint' | 'model';
  readonly form: 'train' | 'fused';
  /** `repvgg_a0` */
  readonly model: string;
  /** Without loss. */
  readonly graph: Graph;
  /** Every tensor of the graph; in checkpoints also `optimizer.*`. */
  readonly weights: NamedTensors;
  /** Class names by index; empty where unknown. */
  readonly classes: readonly string[];
  readonly preprocessing: FilePreprocessing | null;
  /** Resolved configuration of the run that made it, plain JSON. */
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly position: FilePosition | null;
  /** How it is stored in eight bits; its weights are float32 all the same. Absent or null: it is not. */
  readonly quantisation?: Quantisation | null;
  /** Best validation so far, plain JSON. */
  readonly best: Readonly<Record<string, unknown>> | null;
}
