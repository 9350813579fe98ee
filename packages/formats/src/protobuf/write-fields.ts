/** A piece of a message: bytes, or bytes that are read when they are written. */
export type Piece =
  Uint8Array | { readonly bytes: number; readonly read: () => Promise<Uint8Array> };

/** Size of pieces in bytes. */
export function sizeOfPieces(pieces: readonly Piece[]): number {
  return pieces.reduce(
    (sum, piece) => sum + (piece instanceof Uint8Array ? piece.length : piece.bytes),
    0,
  );
}

/** Gives pieces to a sink in order, reading late ones one at a time. */
export async function writePieces(
  pieces: readonly Piece[],
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const piece of pieces) {
    await sink(piece instanceof Uint8Array ? piece : await piece.read());
  }
}

/** Fields of protobuf's wire format as pieces (protobuf.dev, "Encoding"). */
export const wire = {
  /** int32, int64, enum, bool; negative numbers in two's complement of 64 bits. */
  varint(number: number, value: number | bigint): Piece[] {
    return [concat(tag(number, 0), varintBytes(BigInt.asUintN(64, BigInt(value))))];
  },

  /** float */
  float(number: number, value: number): Piece[] {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return [concat(tag(number, 5), bytes)];
  },

  /** string */
  text(number: number, value: string): Piece[] {
    return wire.message(number, [new TextEncoder().encode(value)]);
  },

  /** bytes, embedded message or packed numbers, from pieces. */
  message(number: number, pieces: readonly Piece[]): Piece[] {
    return [concat(tag(number, 2), varintBytes(BigInt(sizeOfPieces(pieces)))), ...pieces];
  },

  /** Packed int32, int64. */
  packed(number: number, values: readonly (number | bigint)[]): Piece[] {
    return wire.message(
      number,
      values.map((value) => varintBytes(BigInt.asUintN(64, BigInt(value)))),
    );
  },
} as const;

function tag(number: number, type: number): Uint8Array {
  return varintBytes(BigInt(number * 8 + type));
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  do {
    const low = Number(value & 0x7fn);
    value >>= 7n;
    bytes.push(value > 0n ? low | 0x80 : low);
  } while (value > 0n);
  return Uint8Array.from(bytes);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
