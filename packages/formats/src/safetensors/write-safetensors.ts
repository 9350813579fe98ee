import { InternalError } from '@refold/graph';
import { nodeFileSystem, writeAtomically, type AtomicFileSystem } from '../files/atomic-file.js';
import { DTYPE_BYTES } from './dtype.js';
import type { Safetensor } from './safetensor.js';

const ALIGN_BYTES = 8;

/**
 * Writes a safetensors file atomically (see {@link writeAtomically}). Tensors are sorted by element size, largest
 * first, then by name, as the reference implementation does, so that each is aligned to its elements;
 * the data part starts at a multiple of 8 bytes. The same content gives the same bytes.
 *
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Safetensor>,
  metadata: Readonly<Record<string, string>> = {},
  files: AtomicFileSystem = nodeFileSystem,
): Promise<number> {
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (nameA < nameB ? -1 : 1),
  );
  const head = headOf(sorted, metadata);
  return writeAtomically(
    path,
    async (sink) => {
      await sink(head);
      for (const [, { data }] of sorted) await sink(data);
    },
    files,
  );
}

/** Length field and padded header. */
function headOf(
  sorted: readonly (readonly [string, Safetensor])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort())]);
  }
  let offset = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
    if (bytes !== data.length || name === '__metadata__') {
      throw new InternalError(`The tensor '${name}' has ${data.length} bytes instead of ${bytes}.`);
    }
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + bytes] }]);
    offset += bytes;
  }
  // Written pair by pair: an object would sort integer-like names first and could not hold `__proto__`.
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  const bytes = Buffer.byteLength(json);
  const padded = Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
  const head = Buffer.alloc(8 + padded, 0x20);
  head.writeBigUInt64LE(BigInt(padded), 0);
  head.write(json, 8);
  return head;
}
