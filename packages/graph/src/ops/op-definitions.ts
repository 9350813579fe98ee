import { badAttrs } from '../errors.js';
import type { OpAttrs, OpName } from '../op-attrs.js';
import { add } from './add.js';
import { avgPool } from './avg-pool.js';
import { batchNorm } from './batch-norm.js';
import { concat } from './concat.js';
import { conv2d } from './conv2d.js';
import { dropPath } from './drop-path.js';
import { dropout } from './dropout.js';
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
import type { OpDefinition } from './op-definition.js';
import { relu } from './relu.js';
import { relu6 } from './relu6.js';
import { scale } from './scale.js';
import { sigmoid } from './sigmoid.js';
import { silu } from './silu.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';
import { weightedSum } from './weighted-sum.js';

const definitions: { readonly [K in OpName]: OpDefinition<K> } = {
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

/** Rules of an op. */
export function opDefinition<K extends OpName>(op: K): OpDefinition<K> {
  return definitions[op];
}

/** Whether a text names an op of graph version 1. */
export function isOpName(text: string): text is OpName {
  return Object.hasOwn(definitions, text);
}

/** Every op of graph version 1. */
export function opNames(): readonly string[] {
  return Object.keys(definitions);
}

/**
 * The attributes, checked and frozen of unknown keys.
 *
 * @throws RefoldError `RF-GRAPH-ATTRS` naming node, key, and what was expected and received
 */
export function parseAttrs<K extends OpName>(op: K, node: string, attrs: unknown): OpAttrs[K] {
  const result = opDefinition(op).attrs.safeParse(attrs, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badAttrs(op, node, issue);
}
