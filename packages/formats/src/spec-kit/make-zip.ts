import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of {@link makeZip}; what is not given is right. */
export interface MadeEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly isDeflated?: boolean;
  /** As the directory claims it. */
  readonly claimedBytes?: number;
  readonly claimedCompressedBytes?: number;
  readonly claimedOffset?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly extra?: Uint8Array;
}

/** A zip of entries that may lie about themselves. */
export function makeZip(entries: readonly MadeEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const data = entry.isDeflated ? deflateRawSync(entry.content) : entry.content;
    const method = entry.method ?? (entry.isDeflated ? 8 : 0);
    const sum = crc32(entry.content);
    const extra = entry.extra ?? new Uint8Array(0);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(entry.flags ?? 0, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(sum, 16);
    central.writeUInt32LE(entry.claimedCompressedBytes ?? data.length, 20);
    central.writeUInt32LE(entry.claimedBytes ?? entry.content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(entry.claimedOffset ?? offset, 42);
    directory.push(central, name, extra);
    parts.push(local, name, data);
    offset += local.length + name.length + data.length;
  }
  const bytes = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, ...directory, end]));
}
