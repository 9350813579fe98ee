import type { StatisticsGroup } from '@refold/core';
import type { OpAttrs, OpName, Random } from '@refold/graph';
import type { Tensor64 } from './tensor64.js';

/** What one node is computed from. */
export interface OpCall<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly Tensor64[];
  /** Shape of the result, batch first. */
  readonly shape: readonly number[];
  /** The node's own tensors, by suffix (`weight`, `running_mean`). */
  readonly tensors: Readonly<Record<string, ArrayLike<number>>>;
  /** In training a batch_norm uses the batch's statistics and drop-out drops. */
  readonly training: boolean;
  /** Drives dropout and drop_path. */
  readonly random: Random;
  /** Replicas whose batch norms share their statistics, in training. */
  readonly group: StatisticsGroup | undefined;
}

export interface OpGradients {
  /** For each input, in order, of its size. */
  readonly inputs: readonly Float64Array[];
  /** By suffix, for parameters. */
  readonly tensors?: Readonly<Record<string, Float64Array>>;
}

export interface OpResult {
  readonly output: Tensor64;
  /** From the gradient of the output, of its size, to those of inputs and parameters. */
  backward(gradient: Float64Array): OpGradients;
  /** New values of buffers, by suffix (BN statistics in training). */
  readonly buffers?: Readonly<Record<string, Float64Array>>;
}

/** The plainest float64 implementation of an op: loops over indices, written from the op's formula. */
export type ReferenceOp<K extends OpName> = (call: OpCall<K>) => OpResult;
