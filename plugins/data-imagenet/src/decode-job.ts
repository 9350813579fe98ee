import type { PixelCacheMemory } from './pixel-cache.js';
import type { Augmentation, Evaluation } from './prepare-sample.js';

/** One batch of work, the same message for every worker; each takes samples until none are left. */
export interface DecodeJob {
  readonly id: number;
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Index of each file in its split: keys of random choices and of the cache. */
  readonly samples: Int32Array;
  readonly recipe: Augmentation | Evaluation;
  readonly seed: number;
  readonly epoch: number;
  /** Takes the samples one after the other. */
  readonly out: SharedArrayBuffer;
  readonly sampleBytes: number;
  /** One int32: the next position to work on. Past the end stops the job. */
  readonly cursor: SharedArrayBuffer;
  readonly cache: PixelCacheMemory | null;
}

/** A sample that could not be made. */
export interface DecodeFailure {
  /** In the job. */
  readonly position: number;
  readonly reason: string;
}

/** A worker's word that it has nothing left to do in a job. */
export interface DecodeDone {
  readonly id: number;
  readonly failures: readonly DecodeFailure[];
}

/** Asks a worker to end after the jobs it has. */
export const CLOSE = 'close';
