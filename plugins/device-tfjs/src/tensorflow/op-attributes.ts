import type { TFEOpAttr } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import type { TensorflowType } from './tensorflow-data-types.js';
import { TENSORFLOW_ATTRIBUTES, TENSORFLOW_TYPES } from './tensorflow-data-types.js';

/** The value of one op attribute; the key names its type, as JavaScript numbers do not. */
export type OpAttribute =
  | { readonly string: string }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly bool: boolean }
  | { readonly type: TensorflowType }
  | { readonly shape: readonly number[] };

/** Attributes by name, as in TensorFlow's op documentation. */
export type OpAttributes = Readonly<Record<string, OpAttribute>>;

/** The same in the form of tfjs-node's binding. */
export function bindingAttributes(attributes: OpAttributes): TFEOpAttr[] {
  return Object.entries(attributes).map(([name, attribute]) => ({ name, ...typed(attribute) }));
}

function typed(attribute: OpAttribute): Pick<TFEOpAttr, 'type' | 'value'> {
  const { string, int, float, bool, type, shape } = TENSORFLOW_ATTRIBUTES;
  if ('string' in attribute) return { type: string, value: attribute.string };
  if ('int' in attribute) return { type: int, value: attribute.int };
  if ('ints' in attribute) return { type: int, value: [...attribute.ints] };
  if ('float' in attribute) return { type: float, value: attribute.float };
  if ('floats' in attribute) return { type: float, value: [...attribute.floats] };
  if ('bool' in attribute) return { type: bool, value: attribute.bool };
  if ('type' in attribute) return { type, value: TENSORFLOW_TYPES[attribute.type] };
  return { type: shape, value: [...attribute.shape] };
}
