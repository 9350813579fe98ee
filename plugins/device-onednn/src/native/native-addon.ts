import type { BorrowedGradients, CompiledProgram, StatisticsGroup } from '@refold/core';
import type { NativeProgram } from './native-program.js';

/** What `refold_onednn.node` exports. Its methods throw `Error`s whose `code` is `OUT_OF_MEMORY` or `UNSUPPORTED`; others are bugs. */
export interface NativeAddon {
  /** `2.6.3`. */
  readonly onednnVersion: string;
  /** Instruction set of the kernels in use: `amx`, `avx512_bf16`, `avx512`, `avx2`, `portable`. */
  readonly isa: string;
  /** Threads that a step uses. */
  readonly threads: number;
  setThreads(threads: number): void;
  /** Sessions that are open and bytes they hold, for tests of leaks. */
  usage(): { readonly sessions: number; readonly bytes: number };
  /**
   * Plans everything ahead on the engine's thread.
   *
   * @param tensors values by tensor index, plain layout; copied before the promise resolves
   * @param statistics called on this thread in the middle of passes
   */
  load(
    program: NativeProgram,
    tensors: readonly Float32Array[],
    statistics?: StatisticsGroup,
  ): Promise<NativeSession>;
}

/** Image data of one call; read on the engine's thread until the promise settles. */
export interface NativeBatch {
  readonly images: number;
  /** `uint8` only for programs with `normalize`. */
  readonly data: Uint8Array | Float32Array;
  readonly nhwc: boolean;
  /** Row-major, for training: one of them by the program's loss. */
  readonly labels?: Int32Array;
  readonly targets?: Float32Array;
}

export interface NativeOutcome {
  readonly loss: number;
  readonly correct: number;
  readonly forwardMs: number;
  readonly backwardMs: number;
  /** By region: forward, backward. */
  readonly regionMs: Float64Array;
}

/**
 * A compiled program. Calls queue on the engine's thread, in order; everything is copied in and out in plain layout.
 * Checks nothing that `TrainingSession` can check.
 */
export interface NativeSession {
  readonly compiled: CompiledProgram;
  backward(batch: NativeBatch): Promise<NativeOutcome>;
  infer(batch: NativeBatch): Promise<Float32Array>;
  /** `step`: number of this update, from 1. */
  update(rate: number, step: number): Promise<void>;
  /**
   * Mean gradients of a bucket; waits only until the running backward has finished this bucket. Nothing where they went
   * `into` an array.
   */
  readBucket(index: number, into?: Float32Array): Promise<Float32Array | undefined>;
  /** Waits as `readBucket` does. */
  waitForBucket(index: number): Promise<void>;
  /** Floats that the gradients of all buckets take, with padding between parameters. */
  readonly gradientFloats: number;
  /** Before the first pass: an array of at least `gradientFloats`, which is held until the session is closed. */
  keepGradientsIn(memory: Float32Array): void;
  /** The bucket's own memory, detached on closing; a part of the array that gradients are kept in. */
  borrowBucket(index: number): BorrowedGradients;
  /** Sums of `count` gradients. */
  writeBucket(index: number, values: Float32Array, count: number): Promise<void>;
  /** Parameters and buffers by tensor index, then slots: all of the first slot by parameter index, and so on. */
  read(): Promise<Float32Array[]>;
  /** Index as in `read`. */
  write(index: number, values: Float32Array): Promise<void>;
  /** Updates made, which dropping depends on; set when a checkpoint is restored. */
  setStep(step: number): Promise<void>;
  /** Frees everything at once, after calls that are queued. Idempotent. */
  close(): Promise<void>;
}
