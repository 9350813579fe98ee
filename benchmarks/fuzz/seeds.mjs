import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { bytesInMemory, weightsReaders, ZipArchive } from '@refold/formats';

/** Files that some reader takes, of these folders and those inside: `{ path, format, bytes, entries }`; entries of zips alone. */
export async function readSeeds(...folders) {
  const seeds = [];
  for (const path of folders.flatMap((folder) => [...filesOf(folder)])) {
    const bytes = new Uint8Array(readFileSync(path));
    const head = bytes.subarray(0, 512);
    const reader = weightsReaders.find(({ looksLike }) => looksLike(head));
    if (!reader) continue;
    seeds.push({ path, format: reader.title, bytes, entries: await entriesOf(path, bytes) });
  }
  return seeds;
}

function* filesOf(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesOf(path);
    else yield path;
  }
}

async function entriesOf(path, bytes) {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return null;
  const zip = await ZipArchive.open(bytesInMemory(path, bytes), 'a zip').catch(() => null);
  if (!zip) return null;
  const entries = [];
  for (const entry of zip.entries.values()) {
    entries.push({
      name: Buffer.from(entry.name),
      content: await zip.read(entry, { verify: false }),
    });
  }
  return entries;
}

/** A zip of stored entries with right sizes and sums, so that a change inside of an entry is met by who reads the entry. */
export function zipOf(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, content } of entries) {
    const sum = crc32(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt32LE(sum, 16);
    central.writeUInt32LE(content.length, 20);
    central.writeUInt32LE(content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, name, content);
    directory.push(central, name);
    offset += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  const whole = Buffer.concat([...parts, ...directory, end]);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}
