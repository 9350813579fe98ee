import { crc32 } from 'node:zlib';
import type { Sink } from '../files/atomic-file.js';

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const ALL_16 = 0xffff;
const ALL_32 = 0xffff_ffff;
const VERSION_ZIP64 = 45;
const UTF8_NAMES = 0x0800;
/** 1 January 1980, the earliest: the same content gives the same bytes. */
const DATE = 0x21;
/** `FB`: PyTorch's own padding field (caffe2/serialize/inline_container.cc). */
const PADDING_EXTRA = 0x4246;
const PIECE_BYTES = 2 ** 30;

interface Written {
  readonly name: Uint8Array;
  readonly bytes: number;
  readonly crc32: number;
  readonly offset: number;
}

/**
 * Writes a zip of stored entries front to back (PKWARE's APPNOTE 6.3.10), each content at a multiple of `alignBytes`, so
 * that it can be mapped into memory. ZIP64 records appear only where sizes or positions need them.
 */
export class ZipWriter {
  readonly #written: Written[] = [];
  #position = 0;

  constructor(
    readonly sink: Sink,
    readonly alignBytes: number,
  ) {}

  /** One entry from the pieces of its content, which are not kept. */
  async add(name: string, ...pieces: readonly Uint8Array[]): Promise<void> {
    const entry = {
      name: Buffer.from(name),
      bytes: pieces.reduce((sum, { length }) => sum + length, 0),
      crc32: sumOf(pieces),
      offset: this.#position,
    };
    this.#written.push(entry);
    await this.#emit(localHeader(entry, this.alignBytes));
    for (const piece of pieces) await this.#emit(piece);
  }

  /** The directory; nothing may be added after it. */
  async end(): Promise<void> {
    const begin = this.#position;
    for (const entry of this.#written) await this.#emit(centralHeader(entry));
    await this.#emit(endRecords(this.#written.length, begin, this.#position));
  }

  async #emit(bytes: Uint8Array): Promise<void> {
    await this.sink(bytes);
    this.#position += bytes.length;
  }
}

/** In pieces, because zlib takes no more than 4 GiB at once. */
function sumOf(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      sum = crc32(piece.subarray(at, at + PIECE_BYTES), sum);
    }
  }
  return sum;
}

function localHeader({ name, bytes, crc32: sum, offset }: Written, alignBytes: number): Buffer {
  const isLong = bytes >= ALL_32;
  const fixed = LOCAL_BYTES + name.length + (isLong ? 20 : 0) + 4;
  const padding = (alignBytes - ((offset + fixed) % alignBytes)) % alignBytes;
  const header = Buffer.alloc(fixed + padding);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(isLong ? VERSION_ZIP64 : 20, 4);
  header.writeUInt16LE(UTF8_NAMES, 6);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt32LE(sum, 14);
  header.writeUInt32LE(isLong ? ALL_32 : bytes, 18);
  header.writeUInt32LE(isLong ? ALL_32 : bytes, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(fixed + padding - LOCAL_BYTES - name.length, 28);
  header.set(name, LOCAL_BYTES);
  let at = LOCAL_BYTES + name.length;
  if (isLong) at = writeZip64Extra(header, at, [bytes, bytes]);
  header.writeUInt16LE(PADDING_EXTRA, at);
  header.writeUInt16LE(padding, at + 2);
  return header;
}

function centralHeader({ name, bytes, crc32: sum, offset }: Written): Buffer {
  const long = [...(bytes >= ALL_32 ? [bytes, bytes] : []), ...(offset >= ALL_32 ? [offset] : [])];
  const extraBytes = long.length > 0 ? 4 + 8 * long.length : 0;
  const header = Buffer.alloc(CENTRAL_BYTES + name.length + extraBytes);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(long.length > 0 ? VERSION_ZIP64 : 20, 4);
  header.writeUInt16LE(long.length > 0 ? VERSION_ZIP64 : 20, 6);
  header.writeUInt16LE(UTF8_NAMES, 8);
  header.writeUInt16LE(DATE, 14);
  header.writeUInt32LE(sum, 16);
  header.writeUInt32LE(Math.min(bytes, ALL_32), 20);
  header.writeUInt32LE(Math.min(bytes, ALL_32), 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extraBytes, 30);
  header.writeUInt32LE(Math.min(offset, ALL_32), 42);
  header.set(name, CENTRAL_BYTES);
  if (long.length > 0) writeZip64Extra(header, CENTRAL_BYTES + name.length, long);
  return header;
}

/** @returns the position behind it */
function writeZip64Extra(header: Buffer, at: number, values: readonly number[]): number {
  header.writeUInt16LE(1, at);
  header.writeUInt16LE(8 * values.length, at + 2);
  values.forEach((value, i) => header.writeBigUInt64LE(BigInt(value), at + 4 + 8 * i));
  return at + 4 + 8 * values.length;
}

function endRecords(entries: number, begin: number, end: number): Buffer {
  const isLong = entries >= ALL_16 || end >= ALL_32;
  const long = Buffer.alloc(isLong ? 56 + 20 : 0);
  if (isLong) {
    long.writeUInt32LE(0x06064b50, 0);
    long.writeBigUInt64LE(44n, 4);
    long.writeUInt16LE(VERSION_ZIP64, 12);
    long.writeUInt16LE(VERSION_ZIP64, 14);
    long.writeBigUInt64LE(BigInt(entries), 24);
    long.writeBigUInt64LE(BigInt(entries), 32);
    long.writeBigUInt64LE(BigInt(end - begin), 40);
    long.writeBigUInt64LE(BigInt(begin), 48);
    long.writeUInt32LE(0x07064b50, 56);
    long.writeBigUInt64LE(BigInt(end), 64);
    long.writeUInt32LE(1, 72);
  }
  const short = Buffer.alloc(22);
  short.writeUInt32LE(0x06054b50, 0);
  short.writeUInt16LE(Math.min(entries, ALL_16), 8);
  short.writeUInt16LE(Math.min(entries, ALL_16), 10);
  short.writeUInt32LE(Math.min(end - begin, ALL_32), 12);
  short.writeUInt32LE(Math.min(begin, ALL_32), 16);
  return Buffer.concat([long, short]);
}
