import { DTYPE_BYTES, type Dtype } from '../tensors/dtype.js';
import { readStrided, type StridedView } from '../tensors/read-strided.js';
import { swapBytes } from '../tensors/swap-bytes.js';

/** An element type as numpy's array interface names it (`<f4`). */
export interface NpyType {
  readonly dtype: Dtype;
  readonly isBigEndian: boolean;
}

const NAMES: Readonly<Record<string, Dtype>> = {
  b1: 'BOOL', u1: 'U8', i1: 'I8', u2: 'U16', i2: 'I16', u4: 'U32', i4: 'I32', u8: 'U64', i8: 'I64',
  f2: 'F16', f4: 'F32', f8: 'F64',
}; // prettier-ignore

/** The type of this name; null for those that are not read here (complex, text, dates, objects, records). */
export function npyType(descr: string): NpyType | null {
  const match = /^([<>|=]?)([a-z]\d)$/.exec(descr);
  if (!match || !Object.hasOwn(NAMES, match[2]!)) return null;
  return { dtype: NAMES[match[2]!]!, isBigEndian: match[1] === '>' };
}

/** numpy's name of a type; null where numpy has none. */
export function npyName(dtype: Dtype): string | null {
  const name = Object.keys(NAMES).find((one) => NAMES[one] === dtype);
  if (name === undefined) return null;
  return `${DTYPE_BYTES[dtype] === 1 ? '|' : '<'}${name}`;
}

/** An array's bytes as numpy stores them → little-endian, row-major. @param data owned, may be changed in place */
export function toRowMajor(
  data: Uint8Array,
  { dtype, isBigEndian }: NpyType,
  shape: readonly number[],
  isFortran: boolean,
): Promise<Uint8Array> {
  const elementBytes = DTYPE_BYTES[dtype];
  if (isBigEndian) swapBytes(data, elementBytes);
  if (!isFortran || shape.length < 2) return Promise.resolve(data);
  const strides: number[] = [];
  shape.reduce((stride, size) => {
    strides.push(stride);
    return stride * size;
  }, 1);
  const view: StridedView = { offset: 0, shape, strides, elementBytes };
  return readStrided((at, length) => Promise.resolve(data.subarray(at, at + length)), view);
}
