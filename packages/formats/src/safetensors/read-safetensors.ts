import { open, type FileHandle } from 'node:fs/promises';
import { isRefoldError } from '@refold/graph';
import { badHeader, tooLarge, truncated, unreadable } from '../errors.js';
import { parseHeader, PREFIX_BYTES } from './parse-header.js';
import type { Safetensor, SafetensorsContent } from './safetensor.js';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** Linux reads at most 2 GiB at once. */
const MAX_READ_BYTES = 1 << 30;

/**
 * Reads a whole safetensors file, trusting nothing in it: no size is allocated that the file does not have,
 * every offset is checked before it is used.
 *
 * @returns tensors in the order of their offsets; their data are views into one buffer of the file's data part
 * @throws RefoldError `RF-FILE-UNREADABLE`, `RF-FILE-TRUNCATED`, `RF-FILE-HEADER`, `RF-FILE-TOO-LARGE`
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return await readContent(path, file);
  } catch (error) {
    throw isRefoldError(error) ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

async function readContent(path: string, file: FileHandle): Promise<SafetensorsContent> {
  const { size: fileBytes } = await file.stat();
  if (fileBytes < PREFIX_BYTES) throw truncated(path, 0, PREFIX_BYTES, fileBytes);
  const prefix = await readExactly(path, file, 0, PREFIX_BYTES);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
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
  const header = parseHeader(path, await readExactly(path, file, PREFIX_BYTES, Number(length)));
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
  const data = await readExactly(path, file, dataStart, header.dataBytes);
  const tensors = new Map<string, Safetensor>();
  for (const { name, dtype, shape, begin, end } of header.places) {
    tensors.set(name, { dtype, shape, data: data.subarray(begin, end) });
  }
  return { tensors, metadata: header.metadata };
}

async function readExactly(
  path: string,
  file: FileHandle,
  position: number,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer: Uint8Array<ArrayBuffer>;
  try {
    buffer = new Uint8Array(bytes);
  } catch (error) {
    throw tooLarge(path, bytes, error);
  }
  let done = 0;
  while (done < bytes) {
    const wanted = Math.min(bytes - done, MAX_READ_BYTES);
    const { bytesRead } = await file.read(buffer, done, wanted, position + done);
    if (bytesRead === 0) throw truncated(path, position + done, position + bytes, position + done);
    done += bytesRead;
  }
  return buffer;
}
