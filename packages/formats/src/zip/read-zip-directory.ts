import { malformed, overLimit, unsupportedFile } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import type { ZipEntry } from './zip-entry.js';

/** Sizes and signatures of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16. */
const END_BYTES = 22;
const END_SIGNATURE = 0x06054b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_END_BYTES = 56;
const ZIP64_END_SIGNATURE = 0x06064b50;
const CENTRAL_BYTES = 46;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 1;
const MAX_COMMENT_BYTES = 0xffff;
const ALL_16 = 0xffff;
const ALL_32 = 0xffff_ffff;

const MAX_DIRECTORY_BYTES = 1 << 28;

/**
 * The entries of a zip by name, in the order of its central directory, which alone is believed. Entries that overlap, that
 * carry one name twice, or whose names would leave a folder are refused.
 *
 * @param format for messages (`a PyTorch file`)
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-LIMIT`, `RF-FILE-UNSUPPORTED`
 */
export async function readZipDirectory(
  source: ByteSource,
  format: string,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const place = await findDirectory(source, format);
  if (place.bytes > MAX_DIRECTORY_BYTES) {
    throw overLimit(
      source.path,
      "The zip's directory is too long.",
      `${MAX_DIRECTORY_BYTES} bytes`,
      `${place.bytes} bytes`,
    );
  }
  const bytes = await source.read(place.begin, place.bytes);
  const fail = (at: number, message: string, expected: string, received: string): never => {
    throw malformed(source.path, place.begin + at, format, message, expected, received);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Omit<ZipEntry, 'limit'>[] = [];
  const names = new Set<string>();
  let at = 0;
  while (entries.length < place.entries) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      fail(at, 'The directory of the zip is damaged.', `${place.entries} entries`, 'fewer');
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    ) as [number, number, number];
    const extraAt = at + CENTRAL_BYTES + nameBytes;
    const next = extraAt + extraBytes + commentBytes;
    if (next > bytes.length) fail(at, 'The directory of the zip is cut off.', 'more', 'the end');
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + CENTRAL_BYTES, nameBytes);
    const entry = {
      name: name.toString('utf8'),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      crc32: view.getUint32(at + 16, true),
      ...sizesOf(view, at, extraAt, extraBytes, fail),
    };
    if (!isPlainName(entry.name)) {
      fail(at, 'A name in the zip leaves its folder.', 'a plain name', JSON.stringify(entry.name));
    }
    if (names.has(entry.name)) {
      fail(at, 'A name is twice in the zip.', 'unique names', JSON.stringify(entry.name));
    }
    names.add(entry.name);
    entries.push(entry);
    at = next;
  }
  return withLimits(entries, place.begin, fail);
}

type Fail = (at: number, message: string, expected: string, received: string) => never;

function sizesOf(view: DataView, at: number, extraAt: number, extraBytes: number, fail: Fail) {
  const long = zip64Values(view, extraAt, extraBytes);
  const take = (field: number): number => {
    const value = view.getUint32(at + field, true);
    if (value !== ALL_32) return value;
    const wide = long.shift();
    if (wide === undefined) return value;
    if (wide > BigInt(Number.MAX_SAFE_INTEGER)) {
      return fail(at, 'A size in the zip is impossible.', 'at most 2^53', String(wide));
    }
    return Number(wide);
  };
  // APPNOTE 4.5.3: in this order, and only those that do not fit into 32 bits.
  const bytes = take(24);
  const compressedBytes = take(20);
  const headerOffset = take(42);
  return { bytes, compressedBytes, headerOffset };
}

/** 64-bit values of the ZIP64 extra field; empty where there is none. */
function zip64Values(view: DataView, extraAt: number, extraBytes: number): bigint[] {
  const end = extraAt + extraBytes;
  for (let at = extraAt; at + 4 <= end;) {
    const length = view.getUint16(at + 2, true);
    const next = at + 4 + length;
    if (view.getUint16(at, true) === ZIP64_EXTRA && next <= end) {
      return Array.from({ length: Math.min(3, length >> 3) }, (_, i) =>
        view.getBigUint64(at + 4 + 8 * i, true),
      );
    }
    at = next;
  }
  return [];
}

function isPlainName(name: string): boolean {
  if (name === '' || name.startsWith('/') || name.includes('\0')) return false;
  return !name.split(/[/\\]/).includes('..');
}

function withLimits(
  entries: readonly Omit<ZipEntry, 'limit'>[],
  directoryStart: number,
  fail: Fail,
): ReadonlyMap<string, ZipEntry> {
  const byPlace = [...entries].sort((a, b) => b.headerOffset - a.headerOffset);
  const limits = new Map<string, number>();
  let limit = directoryStart;
  for (const { name, headerOffset, compressedBytes } of byPlace) {
    if (headerOffset + LOCAL_BYTES + compressedBytes > limit) {
      fail(
        0,
        `The entry ${JSON.stringify(name)} overlaps another part of the zip.`,
        `an end before byte ${limit}`,
        `byte ${headerOffset + LOCAL_BYTES + compressedBytes}`,
      );
    }
    limits.set(name, limit);
    limit = headerOffset;
  }
  return new Map(
    entries.map((entry) => [entry.name, { ...entry, limit: limits.get(entry.name)! }]),
  );
}

interface DirectoryPlace {
  readonly begin: number;
  readonly bytes: number;
  readonly entries: number;
}

async function findDirectory(source: ByteSource, format: string): Promise<DirectoryPlace> {
  const { path, size } = source;
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
  const tailStart = size - tailBytes;
  const tail = await source.read(tailStart, tailBytes);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    if (tail[at] !== 0x50 || view.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) !== tailBytes) continue;
    const short = {
      entries: view.getUint16(at + 10, true),
      bytes: view.getUint32(at + 12, true),
      begin: view.getUint32(at + 16, true),
    };
    const end = tailStart + at;
    const isLong = short.entries === ALL_16 || short.bytes === ALL_32 || short.begin === ALL_32;
    const place = (isLong ? await zip64Place(source, end) : null) ?? short;
    if (place.begin + place.bytes > end || place.entries * CENTRAL_BYTES > place.bytes) {
      throw malformed(
        path,
        end,
        format,
        'The zip points outside itself.',
        `a directory before byte ${end}`,
        `${place.entries} entries in bytes ${place.begin} to ${place.begin + place.bytes}`,
      );
    }
    if (view.getUint16(at + 4, true) !== 0 && !isLong) {
      throw unsupportedFile(path, 'The zip has several volumes.', 'Join them first.');
    }
    return place;
  }
  throw malformed(
    path,
    size,
    format,
    'The zip has no directory at its end: it was probably not copied to its end.',
    'an end of central directory record',
    'other bytes',
  );
}

async function zip64Place(source: ByteSource, end: number): Promise<DirectoryPlace | null> {
  const locatorAt = end - ZIP64_LOCATOR_BYTES;
  if (locatorAt < 0) return null;
  const locator = await viewOf(source, locatorAt, ZIP64_LOCATOR_BYTES);
  if (locator.getUint32(0, true) !== ZIP64_LOCATOR_SIGNATURE) return null;
  const recordAt = Number(locator.getBigUint64(8, true));
  if (recordAt + ZIP64_END_BYTES > locatorAt) return null;
  const record = await viewOf(source, recordAt, ZIP64_END_BYTES);
  if (record.getUint32(0, true) !== ZIP64_END_SIGNATURE) return null;
  return {
    entries: Number(record.getBigUint64(32, true)),
    bytes: Number(record.getBigUint64(40, true)),
    begin: Number(record.getBigUint64(48, true)),
  };
}

async function viewOf(source: ByteSource, position: number, length: number): Promise<DataView> {
  const bytes = await source.read(position, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
