/** `TF_DataType` of tensorflow/c/tf_datatype.h: those that tfjs-node knows, plus 64-bit float. */
export const TENSORFLOW_TYPES = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  resource: 20,
} as const;

/** Name of a TensorFlow element type. */
export type TensorflowType = keyof typeof TENSORFLOW_TYPES;

/** `TF_AttrType` of tensorflow/c/c_api.h. */
export const TENSORFLOW_ATTRIBUTES = {
  string: 0,
  int: 1,
  float: 2,
  bool: 3,
  type: 4,
  shape: 5,
  /** Not of TensorFlow: tfjs-node's binding names it, nothing uses it. */
  resource: 9,
} as const;

/** Name of a `TF_DataType` number for messages; the number itself where it has no name here. */
export function tensorflowTypeName(dtype: number): string {
  const found = Object.entries(TENSORFLOW_TYPES).find(([, number]) => number === dtype);
  return found?.[0] ?? `TF_DataType ${dtype}`;
}
