import type { NoAttrs, OpAttrs, OpName } from '../op-attrs.js';
import type { SampleShape } from '../tensor.js';
import type { OpDefinition } from './op-definition.js';
import { noAttrs } from './no-attrs.js';

/** Names of the ops whose only datum is their name. */
type PlainOp = { [K in OpName]: OpAttrs[K] extends NoAttrs ? K : never }[OpName];

/** Definition of an op with one input of any shape, the same output shape, and neither attributes nor tensors. */
export function elementwise<K extends PlainOp>(op: K): OpDefinition<K> {
  return { op, inputs: { min: 1, max: 1 }, attrs: noAttrs, shape: sameShape };
}

/** Shape rule of ops that keep the shape of their only input. */
export function sameShape(_attrs: unknown, inputs: readonly SampleShape[]): SampleShape {
  return inputs[0] ?? [];
}
