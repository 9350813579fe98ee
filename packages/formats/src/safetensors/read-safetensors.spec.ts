import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readSafetensors } from './read-safetensors.js';
import { writeSafetensors } from './write-safetensors.js';
import { DTYPE_BYTES, type Dtype } from '../tensors/dtype.js';
import type { StoredTensor } from '../tensors/stored-tensor.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-formats-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with this header text, then this many zero bytes; `length` overrides the length field. */
async function fileOf(header: string | Uint8Array, dataBytes = 0, length?: bigint) {
  const text = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  const path = join(folder, 'x.safetensors');
  await writeFile(path, Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]));
  return path;
}
const entry = (shape: number[], offsets: number[], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('readSafetensors', () => {
  it.each([
    ['no file', 'RF-FILE-UNREADABLE', async () => join(folder, 'missing')],
    ['a folder', 'RF-FILE-UNREADABLE', async () => folder],
    [
      'an empty file',
      'RF-FILE-TRUNCATED',
      async () => {
        const path = join(folder, 'empty');
        await writeFile(path, '');
        return path;
      },
    ],
    ['a header longer than the format allows', 'RF-FILE-HEADER', () => fileOf('{}', 0, 1n << 63n)],
    ['a header longer than the file', 'RF-FILE-TRUNCATED', () => fileOf('{}', 0, 3n)],
    ['text that is not JSON', 'RF-FILE-HEADER', () => fileOf('{"a":')],
    [
      'bytes that are not UTF-8',
      'RF-FILE-HEADER',
      () => fileOf(new Uint8Array([0x7b, 0xff, 0x7d])),
    ],
    ['a list', 'RF-FILE-HEADER', () => fileOf('[]')],
    ['null', 'RF-FILE-HEADER', () => fileOf('null')],
    ['a tensor that is a number', 'RF-FILE-HEADER', () => fileOf('{"a":1}')],
    ['metadata that are not strings', 'RF-FILE-HEADER', () => fileOf('{"__metadata__":{"a":1}}')],
    ['an unknown type', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([1], [0, 4], 'F33')}}`, 4)],
    [
      'a type of the prototype',
      'RF-FILE-HEADER',
      () => fileOf(`{"a":${entry([1], [0, 4], 'toString')}}`, 4),
    ],
    ['a negative size', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([-1, -1], [0, 4])}}`, 4)],
    ['a fractional size', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([0.5, 2], [0, 4])}}`, 4)],
    [
      'sizes whose product overflows',
      'RF-FILE-HEADER',
      () => fileOf(`{"a":${entry([2 ** 52, 2 ** 52], [0, 0])}}`),
    ],
    ['a shape that is too small', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([1], [0, 8])}}`, 8)],
    [
      'offsets in the wrong order',
      'RF-FILE-HEADER',
      () => fileOf(`{"a":${entry([1], [4, 0])}}`, 4),
    ],
    ['three offsets', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([1], [0, 4, 4])}}`, 4)],
    ['a gap', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([1], [4, 8])}}`, 8)],
    [
      'an overlap',
      'RF-FILE-HEADER',
      () => fileOf(`{"a":${entry([2], [0, 8])},"b":${entry([1], [4, 8])}}`, 8),
    ],
    [
      'the same tensor twice',
      'RF-FILE-HEADER',
      () => fileOf(`{"a":${entry([1], [0, 4])},"a":${entry([1], [4, 8])}}`, 8),
    ],
    [
      'an unknown key',
      'RF-FILE-HEADER',
      () => fileOf('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}', 4),
    ],
    ['deep nesting', 'RF-FILE-HEADER', () => fileOf(`{"a":${'['.repeat(100_000)}`)],
    [
      'data that end too early',
      'RF-FILE-TRUNCATED',
      () => fileOf(`{"a":${entry([2], [0, 8])}}`, 7),
    ],
    ['data that go on', 'RF-FILE-HEADER', () => fileOf(`{"a":${entry([2], [0, 8])}}`, 9)],
  ])('refuses %s', async (_what, code, make) => {
    const path = await make();
    const error = await readSafetensors(path).catch((e: Error) => e);
    expect(error).toMatchObject({ code, exitCode: 1 });
    expect((error as Error).message).toContain(path);
  });

  it('says at which byte a file ends', async () => {
    const header = `{"a":${entry([2], [0, 8])}}`;
    const path = await fileOf(header, 7);
    const end = 8 + header.length + 7;
    await expect(readSafetensors(path)).rejects.toThrow(
      `${path}: byte ${end}: The file ends too early.\nExpected ${end + 1} bytes\nReceived ${end} bytes`,
    );
  });

  const dtype = fc.constantFrom(...(Object.keys(DTYPE_BYTES) as Dtype[]));
  const tensor = fc
    .tuple(dtype, fc.array(fc.nat(4), { maxLength: 4 }))
    .chain(([type, shape]): fc.Arbitrary<StoredTensor> => {
      const bytes = shape.reduce((a, b) => a * b, DTYPE_BYTES[type]);
      return fc
        .uint8Array({ minLength: bytes, maxLength: bytes })
        .map((data) => ({ dtype: type, shape, data }));
    });
  const content = fc.tuple(
    fc.dictionary(
      fc.string().filter((name) => name !== '__metadata__'),
      tensor,
      { maxKeys: 6 },
    ),
    fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
  );

  it('gives back what was written, whatever the names, types and shapes, and aligned', async () => {
    await fc.assert(
      fc.asyncProperty(content, async ([tensors, metadata]) => {
        const path = join(folder, 'round.safetensors');
        const written = new Map(Object.entries(tensors));
        await writeSafetensors(path, written, metadata);
        const read = await readSafetensors(path);
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(new Set(read.tensors.keys())).toEqual(new Set(written.keys()));
        for (const [name, { dtype: type, shape, data }] of read.tensors) {
          const expected = written.get(name)!;
          expect([type, shape, [...data]]).toEqual([
            expected.dtype,
            expected.shape,
            [...expected.data],
          ]);
          expect(data.byteOffset % DTYPE_BYTES[type]).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('answers any damage with content or with a RefoldError, never otherwise', async () => {
    const path = join(folder, 'good.safetensors');
    await writeSafetensors(
      path,
      new Map<string, StoredTensor>([
        ['a', { dtype: 'F32', shape: [2], data: new Uint8Array(8) }],
        ['b', { dtype: 'U8', shape: [3], data: new Uint8Array(3) }],
      ]),
      { k: 'v' },
    );

    const good = await readFile(path);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(good.length),
        async (changes, length) => {
          const bad = Buffer.from(good);
          for (const [at, value] of changes) bad[at] = value;
          const damaged = join(folder, 'bad.safetensors');
          await writeFile(damaged, length % 2 ? bad : bad.subarray(0, length));
          const error: unknown = await readSafetensors(damaged).then(
            () => null,
            (e: unknown) => e,
          );
          if (error !== null) expect(error).toMatchObject({ name: 'RefoldError', exitCode: 1 });
        },
      ),
      { numRuns: 300 },
    );
  });
});
