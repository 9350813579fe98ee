import type { OpName } from '../op-attrs.js';
import {
  gelu,
  hardSigmoid,
  hardSwish,
  identity,
  relu,
  relu6,
  sigmoid,
  silu,
} from './activation.js';
import { add, concat, mul, weightedSum } from './combination.js';
import { conv2d } from './convolution.js';
import type { Kernel } from './kernel.js';
import { linear } from './linear.js';
import { batchNorm, normalize, scale } from './normalisation.js';
import { avgPool, globalAvgPool, maxPool } from './pooling.js';

/** Ops that `evaluate` computes itself: they need what is not in the graph. */
export type OuterOp = 'input' | 'softmax_cross_entropy';

const kernels: { readonly [K in Exclude<OpName, OuterOp>]: Kernel<K> } = {
  normalize,
  conv2d,
  batch_norm: batchNorm,
  add,
  weighted_sum: weightedSum,
  mul,
  concat,
  scale,
  relu,
  relu6,
  silu,
  gelu,
  sigmoid,
  hard_sigmoid: hardSigmoid,
  hard_swish: hardSwish,
  avg_pool: avgPool,
  max_pool: maxPool,
  global_avg_pool: globalAvgPool,
  flatten: identity,
  linear,
  dropout: identity,
  drop_path: identity,
};

/** The kernel of an op. */
export function kernelOf<K extends Exclude<OpName, OuterOp>>(op: K): Kernel<K> {
  return kernels[op];
}
