import type { Dtype } from '../tensors/dtype.js';

/** `TensorProto.DataType` of each type that Refold holds (onnx.proto). */
export const ONNX_TYPES: Readonly<Record<Dtype, number>> = {
  F32: 1,
  U8: 2,
  I8: 3,
  U16: 4,
  I16: 5,
  I32: 6,
  I64: 7,
  BOOL: 9,
  F16: 10,
  F64: 11,
  U32: 12,
  U64: 13,
  BF16: 16,
  F8_E4M3: 17,
  F8_E5M2: 19,
};

const NAMES = [
  ...['undefined', 'float', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string'],
  ...['bool', 'float16', 'double', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16'],
  ...['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz', 'uint4', 'int4'],
];

const DTYPES = new Map(Object.entries(ONNX_TYPES).map(([dtype, code]) => [code, dtype as Dtype]));

/** Undefined for types that Refold does not hold. */
export function dtypeOf(dataType: number): Dtype | undefined {
  return DTYPES.get(dataType);
}

/** As onnx.proto names it. */
export function dataTypeName(dataType: number): string {
  return NAMES[dataType]?.toString() ?? `type ${dataType}`;
}
