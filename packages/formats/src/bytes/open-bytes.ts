import { open, type FileHandle } from 'node:fs/promises';
import { isRefoldError } from '@refold/graph';
import { tooLarge, truncated, unreadable } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { bytesInMemory } from './bytes-in-memory.js';
import { mapFile } from './map-file.js';

/** Large reads are cut into pieces of this size, which Node's threads fetch side by side. */
const PIECE_BYTES = 1 << 22;
const PIECES_AT_ONCE = 4;

export interface OpenBytesOptions {
  /**
   * Map the file instead of copying it, where that can be had: its pages are then read when they are looked at. Only for
   * files that nobody cuts meanwhile (see {@link mapFile}). Default false.
   */
  readonly mapped?: boolean;
}

/**
 * Opens a file for reading at any position.
 *
 * @throws RefoldError `RF-FILE-UNREADABLE`
 */
export async function openBytes(
  path: string,
  { mapped = false }: OpenBytesOptions = {},
): Promise<ByteSource> {
  let file: FileHandle;
  try {
    const pages = mapped ? await mapFile(path) : null;
    if (pages) return mappedBytes(path, pages);
    file = await open(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) throw unreadable(path, { code: 'EISDIR' });
    return new OpenFile(path, stat.size, file);
  } catch (error) {
    await file.close();
    throw isRefoldError(error) ? error : unreadable(path, error);
  }
}

/** Pages of a file as a source: views without a copy. */
function mappedBytes(path: string, pages: ArrayBuffer): ByteSource {
  return {
    ...bytesInMemory(path, new Uint8Array(pages)),
    view(position, length) {
      if (position + length > pages.byteLength) {
        return Promise.reject(truncated(path, position, position + length, pages.byteLength));
      }
      return Promise.resolve(new Uint8Array(pages, position, length));
    },
  };
}

class OpenFile implements ByteSource {
  #closed: Promise<void> | undefined;

  constructor(
    readonly path: string,
    readonly size: number,
    readonly file: FileHandle,
  ) {}

  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (position + length > this.size) {
      throw truncated(this.path, position, position + length, this.size);
    }
    const buffer = allocate(this.path, length);
    let next = 0;
    const fetch = async (): Promise<void> => {
      while (next < length) {
        const begin = next;
        next = Math.min(begin + PIECE_BYTES, length);
        await this.#fill(buffer.subarray(begin, next), position + begin);
      }
    };
    const lanes = Math.min(PIECES_AT_ONCE, Math.ceil(length / PIECE_BYTES));
    await Promise.all(Array.from({ length: lanes }, fetch));
    return buffer;
  }

  close(): Promise<void> {
    this.#closed ??= this.file.close();
    return this.#closed;
  }

  async #fill(target: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < target.length) {
      const read = await this.file
        .read(target, done, target.length - done, position + done)
        .catch((error: unknown) => {
          throw unreadable(this.path, error);
        });
      // The file was cut while it was open.
      if (read.bytesRead === 0) {
        throw truncated(this.path, position + done, position + target.length, position + done);
      }
      done += read.bytesRead;
    }
  }
}

function allocate(path: string, length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (error) {
    throw tooLarge(path, length, error);
  }
}
