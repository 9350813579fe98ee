import type { Dtype } from '../tensors/dtype.js';

/** An element type of PyTorch. */
export interface TorchType {
  /** As PyTorch names it (`float32`). */
  readonly name: string;
  /** Null for types that are not read here. */
  readonly dtype: Dtype | null;
  readonly bytes: number;
}

const type = (name: string, bytes: number, dtype: Dtype | null): TorchType => ({
  name,
  dtype,
  bytes,
});

const TYPES = [
  ...[type('float32', 4, 'F32'), type('float64', 8, 'F64'), type('float16', 2, 'F16')],
  ...[type('bfloat16', 2, 'BF16'), type('int64', 8, 'I64'), type('int32', 4, 'I32')],
  ...[
    type('int16', 2, 'I16'),
    type('int8', 1, 'I8'),
    type('uint8', 1, 'U8'),
    type('bool', 1, 'BOOL'),
  ],
  ...[type('uint16', 2, 'U16'), type('uint32', 4, 'U32'), type('uint64', 8, 'U64')],
  ...[type('float8_e4m3fn', 1, 'F8_E4M3'), type('float8_e5m2', 1, 'F8_E5M2')],
  ...[type('float8_e4m3fnuz', 1, null), type('float8_e5m2fnuz', 1, null)],
  ...[type('float8_e8m0fnu', 1, null), type('float4_e2m1fn_x2', 1, null)],
  ...[type('complex32', 4, null), type('complex64', 8, null), type('complex128', 16, null)],
  ...[type('qint8', 1, null), type('quint8', 1, null), type('qint32', 4, null)],
  ...[type('quint4x2', 1, null), type('quint2x4', 1, null)],
];

/** Types by the name in the module `torch`. */
export const torchTypes: ReadonlyMap<string, TorchType> = new Map(
  TYPES.map((one) => [one.name, one]),
);

/** Types by their typed storage's class in the module `torch` (torch/storage.py). */
export const storageTypes: ReadonlyMap<string, TorchType> = new Map(
  Object.entries({
    FloatStorage: 'float32',
    DoubleStorage: 'float64',
    HalfStorage: 'float16',
    BFloat16Storage: 'bfloat16',
    LongStorage: 'int64',
    IntStorage: 'int32',
    ShortStorage: 'int16',
    CharStorage: 'int8',
    ByteStorage: 'uint8',
    BoolStorage: 'bool',
    ComplexFloatStorage: 'complex64',
    ComplexDoubleStorage: 'complex128',
    QInt8Storage: 'qint8',
    QUInt8Storage: 'quint8',
    QInt32Storage: 'qint32',
    QUInt4x2Storage: 'quint4x2',
    QUInt2x4Storage: 'quint2x4',
  }).map(([storage, name]) => [storage, torchTypes.get(name)!]),
);

/** Storage classes by our types, for writing; types without one are written as bytes with their type beside. */
export const storageOf: ReadonlyMap<Dtype, string> = new Map(
  [...storageTypes].flatMap(([storage, { dtype }]) => (dtype ? [[dtype, storage] as const] : [])),
);

/** PyTorch's names of our types, for writing. */
export const torchNameOf: ReadonlyMap<Dtype, string> = new Map(
  TYPES.flatMap(({ name, dtype }) => (dtype ? [[dtype, name] as const] : [])),
);
