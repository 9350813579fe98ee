import { badHeader } from '../errors.js';
import { DTYPE_BYTES, isDtype, type Dtype } from '../tensors/dtype.js';
import { scanJson } from './scan-json.js';

/** Where a tensor lies; offsets in bytes from the start of the data part. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the header of a safetensors file says, checked. */
export interface SafetensorsHeader {
  /** In order of their offsets; together they cover the data part without gaps or overlaps. */
  readonly places: readonly TensorPlace[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly dataBytes: number;
}

/** Length field in front of the header. */
export const PREFIX_BYTES = 8;
const MAX_DEPTH = 3;
const MAX_RANK = 32;

/**
 * Parses and checks the header's JSON: valid UTF-8, an object, no repeated keys, known types, shapes that give
 * exactly the bytes between the offsets, offsets without gaps or overlaps.
 *
 * @param path only for messages
 * @throws RefoldError `RF-FILE-HEADER`
 */
export function parseHeader(path: string, header: Uint8Array): SafetensorsHeader {
  const fail = (message: string, expected: string, received: string, index = 0): never => {
    throw badHeader(path, PREFIX_BYTES + index, message, expected, received);
  };
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    fail('The header is not valid text.', 'UTF-8', 'other bytes');
  }
  const finding = scanJson(text, MAX_DEPTH);
  if (finding) {
    const index = Buffer.byteLength(text.slice(0, finding.index));
    fail(finding.message, `unique keys, at most ${MAX_DEPTH} levels`, finding.received, index);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    fail('The header is not valid JSON.', 'a JSON object', (error as Error).message);
  }
  if (!isObject(parsed))
    return fail('The header is not an object.', 'a JSON object', brief(parsed));

  let metadata: Record<string, string> = {};
  const places: TensorPlace[] = [];
  for (const [name, entry] of Object.entries(parsed)) {
    if (name === '__metadata__') {
      if (!isObject(entry) || Object.values(entry).some((value) => typeof value !== 'string')) {
        fail("The header's '__metadata__' is malformed.", 'an object of strings', brief(entry));
      }
      metadata = entry as Record<string, string>;
    } else {
      places.push(placeOf(name, entry, fail));
    }
  }
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let dataBytes = 0;
  for (const { name, begin, end } of places) {
    if (begin !== dataBytes) {
      fail(
        `The data of '${name}' leaves a gap or overlaps another tensor.`,
        `an offset of ${dataBytes}`,
        String(begin),
      );
    }
    dataBytes = end;
  }
  return { places, metadata, dataBytes };
}

type Fail = (message: string, expected: string, received: string) => never;

function placeOf(name: string, entry: unknown, fail: Fail): TensorPlace {
  if (!isObject(entry))
    return fail(`The entry of '${name}' is malformed.`, 'an object', brief(entry));
  const { dtype, shape, data_offsets: offsets, ...others } = entry;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    fail(
      `The entry of '${name}' has an unknown key.`,
      'dtype, shape, data_offsets',
      brief(unknown),
    );
  }
  if (!isDtype(dtype)) {
    return fail(
      `The type of '${name}' is unknown.`,
      Object.keys(DTYPE_BYTES).join(', '),
      brief(dtype),
    );
  }
  if (!isSizes(shape) || shape.length > MAX_RANK) {
    return fail(`The shape of '${name}' is malformed.`, 'a list of sizes', brief(shape));
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1]! < offsets[0]!) {
    return fail(`The offsets of '${name}' are malformed.`, '[begin, end]', brief(offsets));
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  if (bytes !== end - begin) {
    fail(`The size of '${name}' does not fit its shape.`, `${bytes} bytes`, `${end - begin} bytes`);
  }
  return { name, dtype, shape, begin, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0))
  );
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
