/** Thrown where the bytes end inside a pickle; whoever has more bytes starts again with them. */
export class PickleEnds extends Error {}

const view = new DataView(new ArrayBuffer(8));
const bytesOfView = new Uint8Array(view.buffer);
const LINE_BYTES = 1 << 16;

/** Numbers, strings and lines from the bytes of a pickle (CPython's Lib/pickletools.py says which). */
export class PickleInput {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  uint8(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new PickleEnds();
    this.at++;
    return value;
  }

  uint16(): number {
    return this.uint8() | (this.uint8() << 8);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  int32(): number {
    return this.uint16() | (this.uint16() << 16);
  }

  /** Rounded where it is over 2^53, which no length in a file is. */
  uint64(): number {
    return this.uint32() + this.uint32() * 2 ** 32;
  }

  float64(): number {
    bytesOfView.set(this.take(8));
    return view.getFloat64(0, false);
  }

  /** A view. */
  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new PickleEnds();
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** UTF-8; what is not becomes U+FFFD. */
  text(length: number): string {
    const { buffer, byteOffset } = this.take(length);
    return Buffer.from(buffer, byteOffset, length).toString('utf8');
  }

  /** Up to a line feed, which is taken too; null where no line of a sensible length follows. */
  line(encoding: 'utf8' | 'latin1' = 'utf8'): string | null {
    const limit = this.at + LINE_BYTES;
    for (let end = this.at; ; end++) {
      if (end >= this.bytes.length) throw new PickleEnds();
      if (this.bytes[end] === 0x0a) {
        const { buffer, byteOffset, length } = this.take(end - this.at);
        this.at++;
        return Buffer.from(buffer, byteOffset, length).toString(encoding);
      }
      if (end >= limit) return null;
    }
  }

  /** Two's complement, little-endian. */
  long(length: number): number | bigint {
    const bytes = this.take(length);
    if (length === 0) return 0;
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return narrow(BigInt.asIntN(8 * length, value));
  }
}

/** A number where it is one exactly. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
