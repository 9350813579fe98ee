import { malformed } from '../errors.js';

/** What the header of a `.npy` says. */
export interface NpyHeader {
  /** As numpy writes it (`<f4`); a record's fields as they stand. */
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin, in bytes from the start of the array's file. */
  readonly dataStart: number;
}

/** `\x93NUMPY` */
export const NPY_MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** What is fetched for a header; numpy itself refuses longer ones (max_header_size, 10,000 characters). */
export const NPY_HEAD_BYTES = 1 << 14;

const FORMAT = 'a NumPy array';
const TEXT = /^\s*\{(.*)\}\s*$/s;
/** One of the three pairs: text in quotes or a list of fields, a truth value, a tuple of integers. */
const PAIR =
  /^\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(True|False)|\(([\d\s,L]*)\)|(['"])([^'"]*)\5|(\[[^\]]*\]))\s*(?:,|$)/;

/**
 * Reads the header of a `.npy` of version 1 to 3 (numpy/lib/format.py). It is a Python literal: it is matched, never
 * evaluated.
 *
 * @param head the first {@link NPY_HEAD_BYTES} of the array's file, or all of it
 * @param path for messages
 * @param origin position of the head in that file, for messages
 * @throws RefoldError `RF-FILE-MALFORMED`
 */
export function readNpyHeader(head: Uint8Array, path: string, origin: number): NpyHeader {
  const fail = (what: string, expected: string, received: string): never => {
    throw malformed(path, origin, FORMAT, what, expected, received);
  };
  if (head.length < 10 || NPY_MAGIC.some((byte, i) => head[i] !== byte)) {
    fail('The array has no header.', '\\x93NUMPY', 'other bytes');
  }
  const version = head[6]!;
  if (version < 1 || version > 3) fail('The version is unknown.', '1 to 3', String(version));
  const prefix = version === 1 ? 10 : 12;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const length =
    version === 1 || head.length < 12 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = prefix + length;
  if (dataStart > head.length) {
    fail('The header is cut off or too long.', `at most ${head.length} bytes`, `${dataStart}`);
  }
  const text = Buffer.from(head.buffer, head.byteOffset + prefix, length).toString('utf8');
  const found = new Map<string, RegExpExecArray>();
  let rest = TEXT.exec(text)?.[1] ?? '';
  for (let pair = PAIR.exec(rest); pair; pair = PAIR.exec(rest)) {
    found.set(pair[2]!, pair);
    rest = rest.slice(pair[0].length);
  }
  const [descr, order, sizes] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key));
  const shapeText = sizes?.[4];
  const descrText = descr?.[6] ?? descr?.[7];
  if (rest.trim() !== '' || descrText === undefined || !order?.[3] || shapeText === undefined) {
    return fail(
      'The header is malformed.',
      'descr, fortran_order, shape',
      JSON.stringify(text.slice(0, 80)),
    );
  }
  const shape = shapeText
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number);
  if (shape.length > 64 || !shape.every((size) => Number.isSafeInteger(size))) {
    fail('The shape is malformed.', 'at most 64 sizes', JSON.stringify(shapeText.slice(0, 80)));
  }
  return { descr: descrText, isFortran: order[3] === 'True', shape, dataStart };
}

/** A header of version 1.0, padded so that the elements begin at a multiple of 64 bytes. */
export function npyHeaderOf(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, 0x20);
  header.set(NPY_MAGIC);
  header.writeUInt16LE(1, 6);
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header[header.length - 1] = 0x0a;
  return header;
}
