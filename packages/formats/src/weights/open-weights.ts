import { openBytes, type OpenBytesOptions } from '../bytes/open-bytes.js';
import { viewOf, type ByteSource } from '../bytes/byte-source.js';
import { unknownWeights } from '../errors.js';
import type { WeightsFile } from './weights-file.js';
import { HEAD_BYTES, weightsReaders } from './weights-readers.js';

/**
 * Opens a file of weights of any known format, recognised by its content. Nothing that the file says is run, no size is
 * believed before it was checked, and tensors are read only when asked for.
 *
 * @param options.mapped see {@link OpenBytesOptions}; tensors of single safetensors and PyTorch files are then not copied
 *
 * @throws RefoldError `RF-FILE-UNREADABLE`; `RF-FILE-UNKNOWN` for content of no known format; `RF-FILE-*` of the format
 */
export async function openWeights(
  path: string,
  options: OpenBytesOptions = {},
): Promise<WeightsFile> {
  const source = await openBytes(path, options);
  try {
    return await openWeightsFrom(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** {@link openWeights} of bytes that are open. On failure the caller still closes them. */
export async function openWeightsFrom(source: ByteSource): Promise<WeightsFile> {
  const head = await viewOf(source, 0, Math.min(HEAD_BYTES, source.size));
  const reader = weightsReaders.find(({ looksLike }) => looksLike(head));
  if (!reader) {
    throw unknownWeights(
      source.path,
      weightsReaders.map(({ title }) => title),
      head,
    );
  }
  return reader.open(source);
}
