import type { HostTensor } from '@refold/graph';
import { unsupportedDtype } from '../errors.js';
import { DTYPE_BYTES } from './dtype.js';
import { sixteenBit } from './sixteen-bit.js';
import type { StoredTensor } from './stored-tensor.js';
import type { TensorSource } from './tensor-source.js';

/**
 * Tensors as float32 in host memory. F32 data that is aligned is viewed, not copied; other types are converted
 * (F64 rounded to nearest, F16 and BF16 exactly).
 *
 * @param path only for messages
 * @throws RefoldError `RF-FILE-DTYPE` for integer and 8-bit types
 */
export function toNamedTensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
): Map<string, HostTensor> {
  const named = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    named.set(name, { shape: tensor.shape, data: toFloat32(path, name, tensor) });
  }
  return named;
}

/**
 * One tensor as float32 in host memory, read from its source.
 *
 * @param path only for messages
 * @throws RefoldError `RF-FILE-DTYPE` for integer and 8-bit types, `RF-FILE-*` of the source
 */
export async function readHostTensor(
  path: string,
  name: string,
  { dtype, shape, read }: TensorSource,
): Promise<HostTensor> {
  return { shape, data: toFloat32(path, name, { dtype, shape, data: await read() }) };
}

function toFloat32(path: string, name: string, { dtype, data }: StoredTensor): Float32Array {
  const aligned = data.byteOffset % DTYPE_BYTES[dtype] === 0 ? data : new Uint8Array(data);
  const { buffer, byteOffset, byteLength } = aligned;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
    case 'F16':
    case 'BF16': {
      const decode = dtype === 'F16' ? sixteenBit.fromFloat16 : sixteenBit.fromBfloat16;
      return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), decode);
    }
    default:
      throw unsupportedDtype(path, name, dtype);
  }
}

/** Host tensors as F32 entries of a safetensors file; views, nothing is copied. */
export function fromNamedTensors(
  tensors: ReadonlyMap<string, HostTensor>,
): Map<string, StoredTensor> {
  const entries = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of tensors) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    entries.set(name, { dtype: 'F32', shape, data: bytes });
  }
  return entries;
}
