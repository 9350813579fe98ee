import { definePoint } from '../plugin/extension-point.js';

/**
 * Images for a network. `uint8` batches are RGB bytes for a graph that normalises; `float32` are values as the
 * graph's input takes them. `data` may lie in memory that its maker reuses after the consumer asks for the next batch.
 */
export interface ImageBatch {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Order of the axes in `data`. Decoders give NHWC. */
  readonly layout: 'NHWC' | 'NCHW';
  readonly data: Uint8Array | Float32Array;
}

export interface LabelledBatch extends ImageBatch {
  /** Class indices `[images]`. */
  readonly labels: Int32Array;
  /** Soft targets `[images, classes]` (mixup and the like), used instead of `labels` by a loss with soft targets. */
  readonly targets?: Float32Array;
  /** Index of each sample in its split, so that results can be told apart image by image. */
  readonly samples: Int32Array;
}

/** Which batches of a split to give. The same plan gives the same batches, bit by bit. */
export interface BatchPlan {
  /** Images per batch and replica. */
  readonly batchSize: number;
  readonly seed: number;
  /** Counted from 0; orders and augments differently each epoch. */
  readonly epoch: number;
  readonly rank: number;
  readonly replicas: number;
  /** Start at this batch of the epoch (resuming). Default 0. */
  readonly firstBatch?: number;
}

export interface Split {
  /** Samples in the split, over all replicas. */
  readonly size: number;
  /** Batches of one epoch for one replica under this plan. */
  batchCount(plan: Pick<BatchPlan, 'batchSize' | 'replicas' | 'rank'>): number;
  /**
   * A stream with back-pressure; stop early by leaving the loop.
   * Training splits: shuffled, augmented, the last partial global batch dropped.
   * Others: in order, not augmented, each sample exactly once over all replicas, the last batch possibly smaller.
   */
  batches(plan: BatchPlan): AsyncIterable<LabelledBatch>;
  /** A name for a sample, for people (usually its path relative to the data folder). */
  sampleName(sample: number): string;
}

/** Labelled images. See docs/extension-points/dataset.md. */
export interface Dataset {
  /** Class names by index. */
  readonly classes: readonly string[];
  readonly sample: { readonly channels: number; readonly height: number; readonly width: number };
  /** What the graph's `normalize` gets: per channel, of values scaled to 0–1. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /**
   * How a single image file becomes a sample in evaluation; stored with fused networks so that `predict` and
   * `validate` prepare images alike.
   */
  readonly preprocessing: Preprocessing;
  readonly train: Split;
  readonly validation: Split;
  /**
   * The training samples as `validation` prepares its own: not augmented, none dropped, in an order that mixes the classes.
   * For what is measured on data that was learnt (calibrating eight bits). Absent where the data set cannot.
   */
  readonly calibration?: Split;
  /** Ends workers and frees memory. Idempotent. */
  close(): Promise<void>;
}

/** Evaluation preprocessing: shorter side to `resize` (or none), centre crop to `crop` × `crop`. */
export interface Preprocessing {
  readonly resize: number | null;
  readonly crop: number;
  readonly interpolation: 'bilinear' | 'bicubic';
  readonly channels: 1 | 3;
}

export const Dataset = definePoint<Dataset>({
  name: 'Dataset',
  section: 'data',
  cardinality: 'one',
});
