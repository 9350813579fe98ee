import type { OpName } from '@refold/graph';
import { gelu, hardSigmoid, hardSwish, relu, relu6, sigmoid, silu } from './activations.js';
import { batchNorm } from './batch-norm.js';
import { add, concat, flatten, mul, normalize, scale, weightedSum } from './combining.js';
import { convolution } from './convolution.js';
import { dropPath, dropout } from './drop.js';
import { linear } from './linear.js';
import { avgPool, globalAvgPool, maxPool } from './pools.js';
import type { ReferenceOp } from './reference-op.js';

/** Every op that computes a value from values; the input is given, the loss has its own file. */
export const referenceOps: {
  readonly [K in Exclude<OpName, 'input' | 'softmax_cross_entropy'>]: ReferenceOp<K>;
} = {
  normalize,
  conv2d: convolution,
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
  flatten,
  linear,
  dropout,
  drop_path: dropPath,
};
