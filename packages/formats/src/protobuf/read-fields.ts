import { malformed } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';

/**
 * One field of a protobuf message (the wire format of protobuf.dev, "Encoding"). A length-delimited field is only a place:
 * its bytes are read when wanted, so that a message may be larger than memory.
 */
export type WireField =
  | { readonly number: number; readonly wire: 'varint' | 'fixed64'; readonly value: bigint }
  | { readonly number: number; readonly wire: 'fixed32'; readonly value: number }
  | {
      readonly number: number;
      readonly wire: 'bytes';
      /** In bytes from the start of the source. */
      readonly begin: number;
      readonly end: number;
    };

/** Bytes that are fetched at once while fields are walked. */
const WINDOW_BYTES = 1 << 16;
/** The longest header: a tag of 5 bytes and a varint of 10. */
const HEADER_BYTES = 15;

/**
 * The fields of the message between two positions of a source, in order. Deprecated groups are refused.
 *
 * @param format for messages (`a MindSpore checkpoint`)
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-TRUNCATED`
 */
export async function* readFields(
  source: ByteSource,
  begin: number,
  end: number,
  format: string,
): AsyncGenerator<WireField, void, undefined> {
  let window = new Uint8Array(0);
  let windowStart = begin;
  let position = begin;
  while (position < end) {
    const cached = windowStart + window.length;
    const inside = position >= windowStart && position < cached;
    if (!inside || (cached - position < HEADER_BYTES && cached < end)) {
      windowStart = position;
      window = await source.read(position, Math.min(WINDOW_BYTES, end - position));
    }
    const found = fieldAt(window, position - windowStart, windowStart, end, source.path, format);
    yield found.field;
    position = found.next;
  }
}

/**
 * {@link readFields} of a message that is in memory.
 *
 * @param origin position of `bytes` in its file, for messages and for the places of fields
 */
export function* fieldsIn(
  bytes: Uint8Array,
  origin: number,
  path: string,
  format: string,
): Generator<WireField, void, undefined> {
  const end = origin + bytes.length;
  let position = origin;
  while (position < end) {
    const found = fieldAt(bytes, position - origin, origin, end, path, format);
    yield found.field;
    position = found.next;
  }
}

function fieldAt(
  bytes: Uint8Array,
  index: number,
  origin: number,
  end: number,
  path: string,
  format: string,
): { readonly field: WireField; readonly next: number } {
  const fail = (message: string, expected: string, received: string): never => {
    throw malformed(path, origin + index, format, message, expected, received);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[index];
      if (byte === undefined) return fail('A number is cut off.', 'more bytes', 'the end');
      index++;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return fail('A number is too long.', 'at most 10 bytes', 'more');
  };
  const view = (length: number): DataView => {
    if (index + length > bytes.length) fail('A number is cut off.', `${length} bytes`, 'the end');
    return new DataView(bytes.buffer, bytes.byteOffset + index, length);
  };

  const tag = varint();
  const number = Number(tag >> 3n);
  if (number === 0 || number > 0x1fff_ffff) {
    fail('A field number is out of range.', '1 to 536870911', String(number));
  }
  switch (Number(tag & 7n)) {
    case 0:
      return { field: { number, wire: 'varint', value: varint() }, next: origin + index };
    case 1: {
      const value = view(8).getBigUint64(0, true);
      return { field: { number, wire: 'fixed64', value }, next: origin + index + 8 };
    }
    case 5: {
      const value = view(4).getUint32(0, true);
      return { field: { number, wire: 'fixed32', value }, next: origin + index + 4 };
    }
    case 2: {
      const length = varint();
      const begin = origin + index;
      if (length > BigInt(end - begin)) {
        fail('A field is longer than what holds it.', `at most ${end - begin} bytes`, `${length}`);
      }
      const next = begin + Number(length);
      return { field: { number, wire: 'bytes', begin, end: next }, next };
    }
    default:
      return fail('A wire type is unknown.', '0, 1, 2 or 5', String(tag & 7n));
  }
}
