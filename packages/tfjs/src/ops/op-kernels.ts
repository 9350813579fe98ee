import type { OpName } from '@refold/graph';
import { add } from './add.js';
import { avgPool } from './avg-pool.js';
import { batchNorm } from './batch-norm.js';
import { concat } from './concat.js';
import { conv2d } from './conv2d.js';
import { dropout, dropPath } from './drop.js';
import { flatten } from './flatten.js';
import { gelu } from './gelu.js';
import { globalAvgPool } from './global-avg-pool.js';
import { hardSigmoid } from './hard-sigmoid.js';
import { hardSwish } from './hard-swish.js';
import { input } from './input.js';
import { linear } from './linear.js';
import { maxPool } from './max-pool.js';
import { mul } from './mul.js';
import { normalize } from './normalize.js';
import type { OpKernel } from './op-kernel.js';
import { relu } from './relu.js';
import { relu6 } from './relu6.js';
import { scale } from './scale.js';
import { sigmoid } from './sigmoid.js';
import { silu } from './silu.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';
import { weightedSum } from './weighted-sum.js';

/** Forward and backward of every op. */
export const opKernels: { readonly [K in OpName]: OpKernel<K> } = {
  input,
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
  flatten,
  linear,
  dropout,
  drop_path: dropPath,
  softmax_cross_entropy: softmaxCrossEntropy,
};
