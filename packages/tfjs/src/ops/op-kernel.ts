import type { StatisticsGroup } from '@refold/core';
import type { NodeOf, OpName, Random, SampleShape } from '@refold/graph';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { KernelSet } from '../kernels/kernel-set.js';

/** What forward and backward of a node both get. Images are NHWC inside, vectors `[N, F]`. */
export interface NodeArgs<K extends OpName> {
  /** Replicas whose batch norms share their statistics; absent on one, and in inference. */
  readonly group?: StatisticsGroup | undefined;
  readonly node: NodeOf<K>;
  readonly kernels: KernelSet;
  /** Per-sample shapes of the inputs, as the graph means them (`[C, H, W]`). */
  readonly inputShapes: readonly SampleShape[];
  /** The node's own tensors by suffix (`weight`), in device layout (`deviceLayout`). Borrowed. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export interface ForwardArgs<K extends OpName> extends NodeArgs<K> {
  readonly inputs: readonly Tensor[];
  readonly training: boolean;
  /** The node's random stream for this step; the same seed, step and node give the same stream. */
  random(): Random;
}

export interface Forward {
  /** May be one of the inputs. */
  readonly output: Tensor;
  /** What backward needs: inputs, the output or other tensors. Kept until backward, in training only. */
  readonly saved: readonly Tensor[];
  /** Batch statistics for the running ones (batch_norm in training). `variance` unbiased. */
  readonly statistics?: { readonly mean: Tensor; readonly variance: Tensor };
}

export interface BackwardArgs<K extends OpName> extends NodeArgs<K> {
  /** Gradient of the loss by the node's output. Borrowed, as are `saved`. */
  readonly dy: Tensor;
  readonly saved: readonly Tensor[];
  /** Which inputs' gradients anybody reads; others need not be computed. */
  readonly needs: readonly boolean[];
}

export interface Backward {
  /** Gradients by input; null where not needed. May be `dy` itself. */
  readonly inputs: readonly (Tensor | null)[];
  /** Gradients of the node's parameters, by suffix, in device layout. */
  readonly parameters?: Readonly<Record<string, Tensor>>;
}

/**
 * An op on tfjs tensors, both ways. The executor calls each inside a `tf.tidy`: intermediate tensors vanish,
 * what is returned is kept, and nothing given is disposed here.
 */
export interface OpKernel<K extends OpName> {
  forward(args: ForwardArgs<K>): Forward;
  backward(args: BackwardArgs<K>): Backward;
}
