import { DTYPE_BYTES } from '../tensors/dtype.js';
import { npyType, toRowMajor, type NpyType } from '../numpy/npy-type.js';
import { PickleObject, type PickleValue } from '../pickle/pickle-value.js';
import type { PickledTensor } from './pickled-tensor.js';
import { itemsOf, sizesOf } from './pickle-parts.js';

const MODULES = ['numpy.core.multiarray', 'numpy._core.multiarray'];

/** Functions that rebuild an array of numpy, by the name in a pickle. */
export const numpyNames: readonly string[] = [
  ...MODULES.map((module) => `${module}._reconstruct`),
  ...['numpy.core.numeric._frombuffer', 'numpy._core.numeric._frombuffer'],
];

const SCALARS: ReadonlySet<string> = new Set(MODULES.map((module) => `${module}.scalar`));

/** The array that a call rebuilds. */
export function numpyArray(args: readonly PickleValue[], call: PickleObject): PickledTensor {
  const isBuffer = call.callee?.name === '_frombuffer';
  const [content, dtype, shapeValue, order] = isBuffer
    ? args
    : // __setstate__((version, shape, dtype, is_fortran, content)), numpy/_core/src/multiarray/methods.c
      [4, 2, 1, 3].map((i) => itemsOf(call.state)[i]);
  const shape = sizesOf(shapeValue ?? null);
  const descr = descrOf(dtype);
  if (!shape || descr === null) return unreadable('an array of numpy', []);
  const type = npyType(descr);
  if (!type) return unreadable(`numpy's ${descr.slice(0, 40)}`, shape);
  const bytes = bytesOfValue(content);
  const expected = shape.reduce((product, size) => product * size, DTYPE_BYTES[type.dtype]);
  if (bytes?.length !== expected) return unreadable('an array of numpy', shape);
  const isFortran = order === true || order === 'F';
  // The bytes may be a Buffer, whose slice would be a view.
  const read = () => toRowMajor(new Uint8Array(bytes), type, shape, isFortran);
  return { kind: 'inline', dtype: type.dtype, shape, read };
}

function unreadable(what: string, shape: readonly number[]): PickledTensor {
  return { kind: 'unreadable', what, shape };
}

/** The number that `numpy.core.multiarray.scalar(dtype, bytes)` makes; undefined for every other call. */
export function numpyScalar(call: PickleObject): number | bigint | boolean | undefined {
  if (!SCALARS.has(call.callee?.path ?? '')) return undefined;
  const [dtype, content] = itemsOf(call.args);
  const type = npyType(descrOf(dtype) ?? '');
  const bytes = bytesOfValue(content);
  if (!type || bytes?.length !== DTYPE_BYTES[type.dtype]) return undefined;
  return scalarOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), type);
}

function scalarOf(
  view: DataView,
  { dtype, isBigEndian }: NpyType,
): number | bigint | boolean | undefined {
  const little = !isBigEndian;
  switch (dtype) {
    case 'BOOL':
      return view.getUint8(0) !== 0;
    case 'U8':
      return view.getUint8(0);
    case 'I8':
      return view.getInt8(0);
    case 'U16':
      return view.getUint16(0, little);
    case 'I16':
      return view.getInt16(0, little);
    case 'U32':
      return view.getUint32(0, little);
    case 'I32':
      return view.getInt32(0, little);
    case 'U64':
      return view.getBigUint64(0, little);
    case 'I64':
      return view.getBigInt64(0, little);
    case 'F32':
      return view.getFloat32(0, little);
    case 'F64':
      return view.getFloat64(0, little);
    default:
      return undefined;
  }
}

/** `numpy.dtype('f4', False, True)` with the state (3, '<', …) as `<f4`. */
function descrOf(value: PickleValue | undefined): string | null {
  if (!(value instanceof PickleObject) || value.callee?.path !== 'numpy.dtype') return null;
  const [name] = itemsOf(value.args);
  const [, order] = itemsOf(value.state);
  return typeof name === 'string' ? `${typeof order === 'string' ? order : ''}${name}` : null;
}

/** Bytes, or the call that protocol 2 writes for them: `_codecs.encode(text, 'latin1')`. */
function bytesOfValue(value: PickleValue | undefined): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (!(value instanceof PickleObject)) return null;
  const [text, encoding] = itemsOf(value.args);
  if (value.callee?.path === '_codecs.encode') {
    return typeof text === 'string' && encoding === 'latin1' ? Buffer.from(text, 'latin1') : null;
  }
  const isBytes = ['builtins.bytearray', '__builtin__.bytearray', '__builtin__.bytes'].includes(
    value.callee?.path ?? '',
  );
  return isBytes && text === undefined ? new Uint8Array(0) : null;
}
