import { describe, expect, it } from '@jest/globals';
import { isRefoldError } from '@refold/graph';
import fc from 'fast-check';
import { bytesInMemory } from '../bytes/bytes-in-memory.js';
import { fieldsIn, readFields, type WireField } from './read-fields.js';
import { wire, writePieces, type Piece } from './write-fields.js';

async function bytesOfPieces(pieces: readonly Piece[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await writePieces(pieces, (chunk) => {
    chunks.push(chunk);
    return Promise.resolve();
  });
  return Buffer.concat(chunks);
}

async function streamed(bytes: Uint8Array): Promise<WireField[]> {
  const fields: WireField[] = [];
  for await (const field of readFields(bytesInMemory('x', bytes), 0, bytes.length, 'a message')) {
    fields.push(field);
  }
  return fields;
}

describe('protobuf fields', () => {
  // Bytes from protobuf.dev, "Encoding": Test1 { a = 150 } and Test2 { b = "testing" }.
  it('writes the examples of the specification', async () => {
    expect(Buffer.from(await bytesOfPieces(wire.varint(1, 150))).toString('hex')).toBe('089601');
    expect(Buffer.from(await bytesOfPieces(wire.text(2, 'testing'))).toString('hex')).toBe(
      '120774657374696e67',
    );
    expect(Buffer.from(await bytesOfPieces(wire.packed(6, [3, 270, 86942]))).toString('hex')).toBe(
      '3206038e029ea705',
    );
    expect(Buffer.from(await bytesOfPieces(wire.varint(1, -2))).toString('hex')).toBe(
      '08feffffffffffffffff01',
    );
  });

  it('reads back what it writes, in memory and streamed over windows', async () => {
    const field = fc.tuple(fc.integer({ min: 1, max: 0x1fffffff }), fc.integer(), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.array(field), fc.nat(200_000), async (fields, padding) => {
        const pieces = fields.flatMap(([number, value, text]) => [
          ...wire.varint(number, value),
          ...wire.text(number, text),
          ...wire.float(number, value),
        ]);
        const late = { bytes: padding, read: () => Promise.resolve(new Uint8Array(padding)) };
        const bytes = await bytesOfPieces([...wire.message(9, [late]), ...pieces]);
        const expected = [
          { number: 9, length: padding },
          ...fields.flatMap(([number, value, text]) => [
            { number, value: BigInt.asUintN(64, BigInt(value)) },
            { number, length: Buffer.byteLength(text) },
            { number, value: new Uint32Array(Float32Array.of(value).buffer)[0] },
          ]),
        ];
        const seen = (one: WireField) =>
          one.wire === 'bytes'
            ? { number: one.number, length: one.end - one.begin }
            : { number: one.number, value: one.value };
        expect([...fieldsIn(bytes, 0, 'x', 'a message')].map(seen)).toEqual(expected);
        expect((await streamed(bytes)).map(seen)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['field number 0', '00'],
    ['a group', '0b'],
    ['an unknown wire type', '0f'],
    ['a number cut off', '0896'],
    ['a number without an end', '08ffffffffffffffffffff01'],
    ['a float cut off', '0d0000'],
    ['a double cut off', '0900000000'],
    ['a field longer than the message', '1a05616263'],
    ['a field of nearly 2^64 bytes', '1affffffffffffffffff01'],
  ])('refuses %s', async (_, hex) => {
    await expect(streamed(Buffer.from(hex, 'hex'))).rejects.toMatchObject({
      code: 'RF-FILE-MALFORMED',
    });
  });

  it('answers arbitrary bytes with fields or a RefoldError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const field of fieldsIn(bytes, 0, 'x', 'a message')) {
            if (field.wire === 'bytes') expect(field.end).toBeLessThanOrEqual(bytes.length);
          }
        } catch (error) {
          if (!isRefoldError(error)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
