import { InternalError } from '@refold/graph';
import { nodeFileSystem, writeAtomically, type AtomicFileSystem } from '../files/atomic-file.js';
import { DTYPE_BYTES } from '../tensors/dtype.js';
import type { StoredTensor } from '../tensors/stored-tensor.js';
import { bytesOf, readChecked, sourcesOf, type TensorSource } from '../tensors/tensor-source.js';

const ALIGN_BYTES = 8;

/**
 * Writes a safetensors file atomically (see {@link writeAtomically}). Tensors are sorted by element size, largest
 * first, then by name, as the reference implementation does, so that each is aligned to its elements;
 * the data part starts at a multiple of 8 bytes. The same content gives the same bytes.
 *
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
  files: AtomicFileSystem = nodeFileSystem,
): Promise<number> {
  return writeSafetensorSources(path, sourcesOf(tensors), metadata, files);
}

/** {@link writeSafetensors} of tensors that are read one by one while they are written. */
export async function writeSafetensorSources(
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
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
      for (const [name, source] of sorted) await sink(await readChecked(name, source));
    },
    files,
  );
}

/** Length field and padded header. */
function headOf(
  sorted: readonly (readonly [string, TensorSource])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort())]);
  }
  let offset = 0;
  for (const [name, source] of sorted) {
    if (name === '__metadata__') throw new InternalError("No tensor can be called '__metadata__'.");
    const { dtype, shape } = source;
    const bytes = bytesOf(source);
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
