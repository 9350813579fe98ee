/**
 * TensorFlow's `GraphDef` in the JSON of TensorFlow.js graph models (tfjs-converter's `data/compiled_api.ts`): the JSON
 * mapping of protocol buffers, so 64-bit integers are strings and byte strings are base64.
 */
export interface GraphDefNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes whose values go in. */
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

export type DataType = 'DT_FLOAT' | 'DT_INT32';

export interface TensorShape {
  /** `-1` where any size fits. */
  readonly dim: readonly { readonly size: string }[];
}

/** One of the fields of `AttrValue` in TensorFlow's `attr_value.proto`. */
export type AttrValue =
  | { readonly type: DataType }
  | { readonly i: string }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: string }
  | { readonly shape: TensorShape }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly tensor: { readonly dtype: DataType; readonly tensorShape: TensorShape } };

/** Makers of {@link AttrValue}s. */
export const attr = {
  type: (type: DataType): AttrValue => ({ type }),
  int: (value: number): AttrValue => ({ i: String(value) }),
  float: (f: number): AttrValue => ({ f }),
  bool: (b: boolean): AttrValue => ({ b }),
  text: (text: string): AttrValue => ({ s: Buffer.from(text).toString('base64') }),
  ints: (values: readonly number[]): AttrValue => ({ list: { i: values.map(String) } }),
  shape: (dims: readonly number[]): AttrValue => ({ shape: shapeOf(dims) }),
};

/** @param dims −1 where any size fits */
export function shapeOf(dims: readonly number[]): TensorShape {
  return { dim: dims.map((size) => ({ size: String(size) })) };
}
