import { InternalError, type OpName } from '@refold/graph';
import { gelu, hardSigmoid, hardSwish, relu, relu6, sigmoid, silu } from './activation.js';
import { add, concat, mul, scale, weightedSum } from './combining.js';
import { conv2d } from './convolution.js';
import { flatten, linear } from './dense.js';
import { batchNorm, normalize } from './normalisation.js';
import type { OpWriter } from './op-writer.js';
import { avgPool, globalAvgPool, maxPool } from './pooling.js';

const unexpected = ({ node }: { node: { op: string } }): never => {
  throw new InternalError(`The op '${node.op}' has no place in a graph model.`);
};
/** In inference these leave their input as it is. */
const same = ({ inputs }: { inputs: readonly string[] }): string => inputs[0]!;

/** Every op of graph version 1. The input is a placeholder, and the loss is left out before. */
export const opWriters: { readonly [K in OpName]: OpWriter<K> } = {
  input: unexpected,
  softmax_cross_entropy: unexpected,
  dropout: same,
  drop_path: same,
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
};
