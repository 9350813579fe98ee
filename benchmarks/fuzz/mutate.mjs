const BYTES = [0, 1, 0x2e, 0x7f, 0x80, 0xfe, 0xff];
const NUMBERS = [
  0, 1, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
].map(BigInt);
const LONG_NUMBERS = [
  ...NUMBERS,
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
];

/**
 * One to four changes of bytes: bits, bytes, numbers of 2, 4 and 8 bytes at their extremes, pieces that are cut out, doubled,
 * or come from another file.
 *
 * @param below random whole numbers
 * @param other a file to take pieces from
 */
export function mutate(bytes, below, other) {
  let result = Uint8Array.from(bytes);
  for (let left = 1 + below(4); left > 0; left--) result = changed(result, below, other);
  return result;
}

function changed(bytes, below, other) {
  const { length } = bytes;
  if (length === 0) return other.slice(0, below(other.length + 1));
  const at = below(length);
  switch (below(10)) {
    case 0:
    case 1:
      bytes[at] ^= 1 << below(8);
      return bytes;
    case 2:
      bytes[at] = below(256);
      return bytes;
    case 3:
      bytes[at] = BYTES[below(BYTES.length)];
      return bytes;
    case 4:
    case 5:
      return number(bytes, at, below);
    case 6:
      return bytes.slice(0, at);
    case 7: {
      const end = Math.min(length, at + 1 + below(32));
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    }
    case 8: {
      const end = Math.min(length, at + 1 + below(64));
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    }
    default: {
      const from = below(other.length);
      const piece = other.subarray(from, from + 1 + below(64));
      return joined(bytes.subarray(0, at), piece, bytes.subarray(at + below(2) * piece.length));
    }
  }
}

function number(bytes, at, below) {
  const width = 2 << below(3);
  if (at + width > bytes.length) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const value =
    width === 8 ? LONG_NUMBERS[below(LONG_NUMBERS.length)] : NUMBERS[below(NUMBERS.length)];
  if (width === 2) view.setUint16(at, Number(value & 0xffffn), true);
  else if (width === 4) view.setUint32(at, Number(value), true);
  else view.setBigUint64(at, value, true);
  return bytes;
}

function joined(...pieces) {
  const result = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
