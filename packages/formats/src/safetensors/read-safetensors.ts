import { badHeader, truncated } from '../errors.js';
import { viewOf, type ByteSource } from '../bytes/byte-source.js';
import { openBytes } from '../bytes/open-bytes.js';
import type { StoredTensor } from '../tensors/stored-tensor.js';
import type { TensorSource } from '../tensors/tensor-source.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { parseHeader, PREFIX_BYTES, type SafetensorsHeader } from './parse-header.js';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** Content of a safetensors file. */
export interface SafetensorsContent {
  /** In the order of their offsets. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The header's `__metadata__`; empty where absent. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a whole safetensors file, trusting nothing in it: no size is allocated that the file does not have,
 * every offset is checked before it is used.
 *
 * @returns tensors in the order of their offsets; their data are views into one buffer of the file's data part
 * @throws RefoldError `RF-FILE-UNREADABLE`, `RF-FILE-TRUNCATED`, `RF-FILE-HEADER`, `RF-FILE-TOO-LARGE`
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  const source = await openBytes(path);
  try {
    const { dataStart, header } = await readHeader(source);
    const data = await source.read(dataStart, header.dataBytes);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, dtype, shape, begin, end } of header.places) {
      tensors.set(name, { dtype, shape, data: data.subarray(begin, end) });
    }
    return { tensors, metadata: header.metadata };
  } finally {
    await source.close();
  }
}

/**
 * A safetensors file whose tensors are read one by one.
 *
 * @throws RefoldError as {@link readSafetensors}
 */
export async function openSafetensors(source: ByteSource): Promise<WeightsFile> {
  const { dataStart, header } = await readHeader(source);
  const tensors = new Map<string, TensorSource>();
  for (const { name, dtype, shape, begin, end } of header.places) {
    const read = () => viewOf(source, dataStart + begin, end - begin);
    tensors.set(name, { dtype, shape, read });
  }
  return {
    format: 'safetensors',
    tensors,
    metadata: header.metadata,
    notes: [],
    close: () => source.close(),
  };
}

async function readHeader(
  source: ByteSource,
): Promise<{ readonly dataStart: number; readonly header: SafetensorsHeader }> {
  const { path, size: fileBytes } = source;
  if (fileBytes < PREFIX_BYTES) throw truncated(path, 0, PREFIX_BYTES, fileBytes);
  const prefix = await viewOf(source, 0, PREFIX_BYTES);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw badHeader(
      path,
      0,
      'The header is too long.',
      `at most ${MAX_HEADER_BYTES} bytes`,
      `${length} bytes`,
    );
  }
  const dataStart = PREFIX_BYTES + Number(length);
  if (dataStart > fileBytes) throw truncated(path, PREFIX_BYTES, dataStart, fileBytes);
  const header = parseHeader(path, await viewOf(source, PREFIX_BYTES, Number(length)));
  const expectedBytes = dataStart + header.dataBytes;
  if (expectedBytes > fileBytes) throw truncated(path, fileBytes, expectedBytes, fileBytes);
  if (expectedBytes < fileBytes) {
    throw badHeader(
      path,
      expectedBytes,
      'There are bytes that belong to no tensor.',
      `a file of ${expectedBytes} bytes`,
      `${fileBytes} bytes`,
    );
  }
  return { dataStart, header };
}
