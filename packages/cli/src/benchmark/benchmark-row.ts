import type { ConfigObject, Precision } from '@refold/core';
import type { Form } from '../open-model.js';

/** Training steps, or inference. */
export type BenchmarkWork = 'training' | 'inference';

/** What one row of the table measures; plain JSON, so that it reaches a process of its own. */
export interface BenchmarkJob {
  /** Names under which the plugins are loaded, from the folders `from`. */
  readonly plugins: readonly string[];
  readonly from: readonly string[];
  /** Folder that relative paths of the configuration refer to; absolute. */
  readonly baseDir: string;
  /** Sections `model`, `optimizer` and `device`. */
  readonly config: Readonly<ConfigObject>;
  readonly numClasses: number;
  readonly form: Form;
  readonly work: BenchmarkWork;
  readonly batchSize: number;
  readonly resolution: number;
  /** Timed steps; one more, before all others, is part of `compileSeconds`. */
  readonly steps: number;
  /** Steps after the first that are not timed. */
  readonly warmup: number;
}

/** A row of `refold benchmark` (DESIGN §10). */
export interface BenchmarkRow {
  readonly model: string;
  readonly form: Form;
  readonly work: BenchmarkWork;
  /** Trained numbers of this form. */
  readonly params: number;
  /** BN running means and variances, which some counts include. */
  readonly buffers: number;
  /** Replicas. */
  readonly cards: number;
  /** Images of a step on each of them. */
  readonly batchSize: number;
  readonly resolution: number;
  readonly precision: Precision;
  readonly device: string;
  readonly library: string;
  readonly threads: number;
  /** From loading the network on the device to the end of its first step. */
  readonly compileSeconds: number;
  /** Median. */
  readonly msPerStep: number;
  readonly bestMsPerStep: number;
  /** Of all cards together, by the median. */
  readonly imagesPerSecond: number;
  /** Largest resident memory of the row's process. */
  readonly peakMemoryBytes: number;
}
