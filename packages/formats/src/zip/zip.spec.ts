import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesInMemory } from '../bytes/bytes-in-memory.js';
import { fixtureBytes } from '../spec-kit/fixtures.js';
import { makeZip, type MadeEntry } from '../spec-kit/make-zip.js';
import { ZipArchive } from './zip-archive.js';
import { ZipWriter } from './zip-writer.js';

const open = (bytes: Uint8Array) => ZipArchive.open(bytesInMemory('x.zip', bytes), 'a zip');
const text = (value: string) => new TextEncoder().encode(value);

async function contents(zip: ZipArchive): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of zip.entries.values()) {
    found[entry.name] = Buffer.from(await zip.read(entry, { verify: true })).toString('hex');
  }
  return found;
}

/** Reads everything; what goes wrong by its code. */
async function outcome(entries: readonly MadeEntry[]): Promise<unknown> {
  try {
    return await contents(await open(makeZip(entries)));
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

describe('a zip', () => {
  it('gives back what was written, aligned', async () => {
    const content = fc.dictionary(
      fc.stringMatching(/^[\w.é-]{1,40}$/).filter((name) => name !== '..' && name !== '__proto__'),
      fc.uint8Array({ maxLength: 200 }),
      { maxKeys: 6 },
    );
    await fc.assert(
      fc.asyncProperty(content, async (files) => {
        const chunks: Uint8Array[] = [];
        const writer = new ZipWriter((bytes) => {
          chunks.push(Uint8Array.from(bytes));
          return Promise.resolve();
        }, 64);
        for (const [name, bytes] of Object.entries(files)) {
          await writer.add(name, bytes.subarray(0, 3), bytes.subarray(3));
        }
        await writer.end();
        const zip = await open(new Uint8Array(Buffer.concat(chunks)));
        const expected = Object.entries(files).map(([name, bytes]) => [
          name,
          Buffer.from(bytes).toString('hex'),
        ]);
        expect(await contents(zip)).toEqual(Object.fromEntries(expected));
        for (const entry of zip.entries.values()) {
          expect((await zip.contentStart(entry))! % 64).toBe(0);
        }
      }),
    );
  });

  it('reads what Python compressed, also only its beginning', async () => {
    const zip = await open(fixtureBytes('arrays-deflated.npz'));
    const entry = zip.entries.get('f4.npy')!;
    expect(entry.method).toBe(8);
    const content = await zip.read(entry, { verify: true });
    expect([...(await zip.head(entry, 20))]).toEqual([...content.subarray(0, 20)]);
    expect([...(await zip.head(entry, 1 << 20))]).toEqual([...content]);
  });

  it('reads ZIP64 values, in order, where 32 bits are full', async () => {
    const extra = Buffer.alloc(4 + 16);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(3n, 4);
    extra.writeBigUInt64LE(3n, 12);
    const full = 0xffffffff;
    const entry = {
      name: 'a',
      content: text('abc'),
      extra,
      claimedBytes: full,
      claimedCompressedBytes: full,
    };
    expect(await outcome([entry])).toEqual({ a: '616263' });
  });

  const honest = { name: 'a', content: text('abc') };
  const zeros = new Uint8Array(100_000);
  it.each<[string, string, readonly MadeEntry[]]>([
    ['two entries of one name', 'RF-FILE-MALFORMED', [honest, honest]],
    ['a name that leaves the folder', 'RF-FILE-MALFORMED', [{ ...honest, name: 'a/../../b' }]],
    ['such a name of Windows', 'RF-FILE-MALFORMED', [{ ...honest, name: 'a\\..\\b' }]],
    ['an absolute name', 'RF-FILE-MALFORMED', [{ ...honest, name: '/etc/passwd' }]],
    [
      'overlapping entries',
      'RF-FILE-MALFORMED',
      [honest, { ...honest, name: 'b', claimedOffset: 0 }],
    ],
    [
      'entries that overlap by one byte',
      'RF-FILE-MALFORMED',
      [
        { ...honest, claimedBytes: 4, claimedCompressedBytes: 4 },
        { ...honest, name: 'b' },
      ],
    ],
    ['an entry beyond the end', 'RF-FILE-MALFORMED', [{ ...honest, claimedOffset: 0xfffffff0 }]],
    ['a stored entry of other sizes', 'RF-FILE-MALFORMED', [{ ...honest, claimedBytes: 2 }]],
    [
      'a claim that no deflate can fulfil',
      'RF-FILE-MALFORMED',
      [{ ...honest, isDeflated: true, claimedBytes: 0xfffffff0 }],
    ],
    [
      'more than is claimed',
      'RF-FILE-MALFORMED',
      [{ name: 'a', content: zeros, isDeflated: true, claimedBytes: 10 }],
    ],
    [
      'less than is claimed',
      'RF-FILE-MALFORMED',
      [{ name: 'a', content: zeros, isDeflated: true, claimedBytes: 100_001 }],
    ],
    [
      'bytes that cannot be inflated',
      'RF-FILE-MALFORMED',
      [{ ...honest, content: text('\xff\xff\xff\xff'), method: 8 }],
    ],
    ['an encrypted entry', 'RF-FILE-UNSUPPORTED', [{ ...honest, flags: 1 }]],
    ['another compression', 'RF-FILE-UNSUPPORTED', [{ ...honest, method: 14 }]],
  ])('refuses %s', async (_, code, entries) => {
    expect(await outcome(entries)).toBe(code);
  });

  it('says of a name that comes twice that it does', async () => {
    await expect(open(makeZip([honest, honest]))).rejects.toThrow('twice');
  });

  it('sees content that was changed, where it is to', async () => {
    const bytes = makeZip([honest]);
    bytes[31] = 0x41;
    const zip = await open(bytes);
    const entry = zip.entries.get('a')!;
    await expect(zip.read(entry, { verify: true })).rejects.toMatchObject({
      code: 'RF-FILE-CHECKSUM',
    });
    expect(Buffer.from(await zip.read(entry, { verify: false })).toString()).toBe('Abc');
  });
});
