import { shapeMismatch, tooLarge, unfit } from './errors.js';
import type { NodeOf } from './graph.js';
import type { OpName } from './op-attrs.js';
import { opDefinition } from './ops/op-definitions.js';
import { isRefoldError } from './refold-error.js';
import { sizeOf, type SampleShape, type TensorSpec } from './tensor.js';

/** Devices index elements by signed 32-bit integers. */
const MAX_ELEMENTS = 2 ** 31 - 1;

/**
 * Per-sample shape of a node's value.
 *
 * @throws RefoldError `RF-GRAPH-SHAPE` naming the node, where inputs do not fit or a value or tensor is too large
 */
export function nodeShape<K extends OpName>(
  node: NodeOf<K>,
  inputs: readonly SampleShape[],
): SampleShape {
  const { inputs: arity, shape } = opDefinition(node.op);
  if (inputs.length < arity.min || inputs.length > arity.max) {
    throw unfit(node.name, shapeMismatch(node.op, countText(arity), `${inputs.length}`));
  }
  try {
    const result = shape(node.attrs, inputs);
    requireIndexable(node.name, result);
    for (const tensor of nodeTensors(node, inputs)) requireIndexable(tensor.name, tensor.shape);
    return result;
  } catch (error) {
    throw isRefoldError(error) ? unfit(node.name, error) : error;
  }
}

/** Tensors that a node owns, by full name, in their own order: weight, bias, running_mean, running_var. */
export function nodeTensors<K extends OpName>(
  node: NodeOf<K>,
  inputs: readonly SampleShape[],
): readonly TensorSpec[] {
  const specs = opDefinition(node.op).tensors?.(node.attrs, inputs) ?? [];
  return specs.map((spec) => ({ ...spec, name: `${node.name}.${spec.name}` }));
}

/** Multiply-adds of a node for one sample. */
export function nodeMacs<K extends OpName>(
  node: NodeOf<K>,
  inputs: readonly SampleShape[],
  output: SampleShape,
): number {
  return opDefinition(node.op).macs?.(node.attrs, inputs, output) ?? 0;
}

function requireIndexable(name: string, shape: readonly number[]): void {
  if (sizeOf(shape) > MAX_ELEMENTS) throw tooLarge(name, shape, MAX_ELEMENTS);
}

function countText({ min, max }: { readonly min: number; readonly max: number }): string {
  if (min === max) return `${min} input(s)`;
  return max === Infinity ? `at least ${min} inputs` : `${min} to ${max} inputs`;
}
