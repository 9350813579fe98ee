import type { ByteSource } from '../bytes/byte-source.js';
import { malformed } from '../errors.js';
import { fieldsIn, readFields, type WireField } from './read-fields.js';
import type { Piece } from './write-fields.js';

/** Messages up to this size are read at once, with all that is inside them. */
const SMALL_BYTES = 1 << 16;
/** Large places are copied in pieces of this size. */
const COPY_BYTES = 1 << 23;
/** No name or text that a model needs is longer. */
const TEXT_BYTES = 1 << 28;

/** Where a message or other length-delimited value lies: in a source, and in memory too where its parent was read. */
export interface Place {
  readonly source: ByteSource;
  /** In bytes from the start of the source. */
  readonly begin: number;
  readonly end: number;
  readonly bytes?: Uint8Array;
}

/** A field whose bytes know where they are. */
export type PlacedField =
  | Exclude<WireField, { wire: 'bytes' }>
  | { readonly number: number; readonly wire: 'bytes'; readonly place: Place };

/**
 * Fields of the message at a place. Small messages are read whole; of large ones only what is asked for.
 *
 * @param format for messages
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-TRUNCATED`
 */
export async function* fieldsOf(place: Place, format: string): AsyncGenerator<PlacedField> {
  const { source, begin, end } = place;
  const small = end - begin <= SMALL_BYTES;
  const bytes = place.bytes ?? (small ? await source.read(begin, end - begin) : undefined);
  const fields = bytes
    ? fieldsIn(bytes, begin, source.path, format)
    : readFields(source, begin, end, format);
  for await (const field of fields) {
    if (field.wire !== 'bytes') {
      yield field;
      continue;
    }
    const inside = { source, begin: field.begin, end: field.end };
    yield {
      number: field.number,
      wire: 'bytes',
      place: bytes
        ? { ...inside, bytes: bytes.subarray(field.begin - begin, field.end - begin) }
        : inside,
    };
  }
}

/** The bytes at a place; a view where they are in memory. */
export async function bytesAt({ source, begin, end, bytes }: Place): Promise<Uint8Array> {
  return bytes ?? (await source.read(begin, end - begin));
}

/** The UTF-8 text at a place. @throws RefoldError `RF-FILE-MALFORMED` */
export async function textAt(place: Place, format: string): Promise<string> {
  const { source, begin, end } = place;
  if (end - begin > TEXT_BYTES) {
    const expected = `at most ${TEXT_BYTES} bytes`;
    throw malformed(source.path, begin, format, 'A text is too long.', expected, `${end - begin}`);
  }
  const bytes = await bytesAt(place);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(source.path, begin, format, 'A text is damaged.', 'UTF-8', 'other bytes');
  }
}

/** What is at a place as pieces of a new message; read when they are written. */
export function copyOf({ source, begin, end, bytes }: Place): Piece[] {
  if (bytes) return [bytes];
  const pieces: Piece[] = [];
  for (let from = begin; from < end; from += COPY_BYTES) {
    const length = Math.min(COPY_BYTES, end - from);
    pieces.push({ bytes: length, read: () => source.read(from, length) });
  }
  return pieces;
}
