import { tensorDataUnusable, tensorSizeMismatch } from './errors.js';
import { copyStringsIn, copyStringsOut } from './string-tensor.js';
import { TENSORFLOW_TYPES, tensorflowTypeName } from './tensorflow-data-types.js';
import type { Pointer, TensorflowLibrary } from './tensorflow-library.js';

/** Data as JavaScript holds them; strings are arrays of UTF-8 (or any) bytes. */
export type TensorValues =
  Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Uint8Array[];

/** Elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * A new `TF_Tensor` that holds a copy of `values` in row-major order; the caller deletes it.
 * One copy: into memory that TensorFlow allocates with its own alignment (64 bytes), so oneDNN and
 * Eigen take their aligned paths.
 *
 * complex64 takes interleaved real and imaginary parts; int64 takes a BigInt64Array or tfjs-node's
 * Int32Array of low and high words.
 *
 * @throws RefoldError `RF-TENSORFLOW-TENSOR-SIZE`, `RF-TENSORFLOW-TENSOR-DATA`.
 */
export function newTensor(
  library: TensorflowLibrary,
  shape: readonly number[],
  dtype: number,
  values: unknown,
): Pointer {
  if (dtype === TENSORFLOW_TYPES.string) return copyStringsIn(library, shape, values);
  const name = tensorflowTypeName(dtype);
  if (!ArrayBuffer.isView(values)) throw tensorDataUnusable(name, typeof values);
  const byteLength = elementCount(shape) * library.dataTypeSize(dtype);
  if (values.byteLength !== byteLength) {
    throw tensorSizeMismatch(name, shape, byteLength, values.byteLength);
  }
  const dims = BigInt64Array.from(shape, BigInt);
  const tensor = library.allocateTensor(dtype, dims, shape.length, byteLength);
  if (byteLength > 0) library.copyMemory(library.tensorData(tensor), values, byteLength);
  return tensor;
}

/**
 * A copy of a `TF_Tensor`'s elements; the tensor stays the caller's.
 * Types without an array of their own come as raw bytes (resource handles).
 */
export function tensorValues(
  library: TensorflowLibrary,
  tensor: Pointer,
  dtype: number,
  count: number,
): TensorValues {
  if (dtype === TENSORFLOW_TYPES.string) return copyStringsOut(library, tensor, count);
  const byteLength = Number(library.tensorByteSize(tensor));
  const values = emptyValues(dtype, byteLength);
  if (byteLength > 0) library.copyMemory(values, library.tensorData(tensor), byteLength);
  return values;
}

function emptyValues(dtype: number, byteLength: number): Exclude<TensorValues, Uint8Array[]> {
  switch (dtype) {
    case TENSORFLOW_TYPES.float32:
    case TENSORFLOW_TYPES.complex64:
      return new Float32Array(byteLength / 4);
    case TENSORFLOW_TYPES.float64:
      return new Float64Array(byteLength / 8);
    case TENSORFLOW_TYPES.int32:
      return new Int32Array(byteLength / 4);
    case TENSORFLOW_TYPES.int64:
      return new BigInt64Array(byteLength / 8);
    default:
      return new Uint8Array(byteLength);
  }
}
