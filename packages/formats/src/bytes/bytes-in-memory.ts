import { truncated } from '../errors.js';
import type { ByteSource } from './byte-source.js';

/** Bytes in memory as a source. @param path for messages */
export function bytesInMemory(path: string, bytes: Uint8Array): ByteSource {
  return {
    path,
    size: bytes.length,
    read: (position, length) =>
      position + length <= bytes.length
        ? // Of a Buffer, slice would be a view.
          Promise.resolve(new Uint8Array(bytes.subarray(position, position + length)))
        : Promise.reject(truncated(path, position, position + length, bytes.length)),
    close: () => Promise.resolve(),
  };
}
