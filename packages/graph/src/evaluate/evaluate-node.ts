import type { NodeOf } from '../graph.js';
import { nodeShape } from '../node-rules.js';
import type { OpName } from '../op-attrs.js';
import type { Float64Tensor } from './kernel.js';
import { kernelOf, type OuterOp } from './kernels.js';

/**
 * Computes one node in float64, as `evaluate` does, from inputs and tensors of the caller's own: whole numbers stay exact
 * up to 2⁵³.
 *
 * @param inputs `[N, …sample]` each, NCHW; read only
 * @param tensor values of the node's `weight`, `bias`, …; read only
 * @returns `[N, …sample]`; may be an input's own data where the op changes nothing
 * @throws RefoldError `RF-GRAPH-SHAPE` where the inputs do not fit
 */
export function evaluateNode<K extends Exclude<OpName, OuterOp>>(
  node: NodeOf<K>,
  inputs: readonly Float64Tensor[],
  tensor: (suffix: string) => Float32Array | Float64Array,
): Float64Tensor {
  const [batch = 0] = inputs[0]?.shape ?? [];
  const shape = nodeShape(
    node,
    inputs.map((input) => input.shape.slice(1)),
  );
  const data = kernelOf(node.op)({ attrs: node.attrs, inputs, batch, shape, weight: tensor });
  return { shape: [batch, ...shape], data };
}
