import { tensorDataUnusable, tensorSizeMismatch } from './errors.js';
import { TENSORFLOW_TYPES } from './tensorflow-data-types.js';
import type { Pointer, TensorflowLibrary } from './tensorflow-library.js';

/** `sizeof(TF_TString)`, fixed by TensorFlow's ABI (platform/ctstring_internal.h). */
const STRING_BYTES = 24;

/**
 * A new `TF_Tensor` of TensorFlow strings that hold copies of `values` (an array of byte arrays).
 * TensorFlow frees the array of strings, not what long strings point to: before the last owner
 * goes, the caller frees that with {@link freeStrings}.
 */
export function copyStringsIn(
  library: TensorflowLibrary,
  shape: readonly number[],
  values: unknown,
): Pointer {
  if (!Array.isArray(values) || !values.every((value) => ArrayBuffer.isView(value))) {
    throw tensorDataUnusable('string', typeof values);
  }
  const strings = values as Uint8Array[];
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (strings.length !== count) {
    throw tensorSizeMismatch('string', shape, count * STRING_BYTES, strings.length * STRING_BYTES);
  }
  const dims = BigInt64Array.from(shape, BigInt);
  const byteLength = count * STRING_BYTES;
  const tensor = library.allocateTensor(TENSORFLOW_TYPES.string, dims, shape.length, byteLength);
  stringPointers(library, tensor, count).forEach((pointer, index) => {
    const bytes = strings[index] as Uint8Array;
    library.stringInit(pointer);
    library.stringCopy(pointer, bytes, bytes.byteLength);
  });
  return tensor;
}

/** Copies of a string tensor's elements, as bytes. */
export function copyStringsOut(
  library: TensorflowLibrary,
  tensor: Pointer,
  count: number,
): Uint8Array[] {
  return stringPointers(library, tensor, count).map((pointer) => {
    const bytes = new Uint8Array(Number(library.stringSize(pointer)));
    if (bytes.length > 0) library.copyMemory(bytes, library.stringData(pointer), bytes.length);
    return bytes;
  });
}

/** Frees what the strings of a tensor made by {@link copyStringsIn} point to; they become empty. */
export function freeStrings(library: TensorflowLibrary, tensor: Pointer, count: number): void {
  for (const pointer of stringPointers(library, tensor, count)) library.stringDealloc(pointer);
}

function stringPointers(library: TensorflowLibrary, tensor: Pointer, count: number): bigint[] {
  const first = library.tensorData(tensor) ?? 0n;
  return Array.from({ length: count }, (_, index) => BigInt(first) + BigInt(index * STRING_BYTES));
}
