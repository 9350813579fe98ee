import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { ByteSource } from '../bytes/byte-source.js';
import { bytesInMemory } from '../bytes/bytes-in-memory.js';
import { makeZip, type MadeEntry } from '../spec-kit/make-zip.js';
import { readPytorchZip } from './read-pytorch-zip.js';

/** A tensor of two floats in the storage of this key, which has four. */
const tensor = (key: string, offset: number): string => {
  const storage = `(S'storage'\nctorch\nFloatStorage\nS'${key}'\nS'cpu'\nI4\ntQ`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}I${offset}\n(I2\nt(I1\ntI00\n}tR`;
};
const dict = (entries: Record<string, string>): string =>
  `}${Object.entries(entries)
    .map(([key, value]) => `S'${key}'\n${value}s`)
    .join('')}.`;
const zipOf = (pickle: string, ...storages: readonly Partial<MadeEntry>[]): Uint8Array =>
  makeZip([
    { name: 'x/data.pkl', content: Buffer.from(pickle, 'latin1') },
    ...storages.map((storage, key) => ({
      ...{ name: `x/data/${key}`, content: floats, isDeflated: true },
      ...storage,
    })),
  ]);
const floats = new Uint8Array(Float32Array.of(1.5, 2.25, -3, 4).buffer);

function counting(bytes: Uint8Array): { source: ByteSource; reads: (length: number) => number } {
  const source = bytesInMemory('memory', bytes);
  const lengths: number[] = [];
  const read = (position: number, length: number) => {
    lengths.push(length);
    return source.read(position, length);
  };
  return {
    source: { ...source, read },
    reads: (length) => lengths.filter((one) => one === length).length,
  };
}

describe('readPytorchZip', () => {
  it('inflates a storage once for the tensors in it, and gives copies', async () => {
    const pickle = dict({ a: tensor('0', 0), b: tensor('0', 2), c: tensor('1', 1) });
    const other = new Uint8Array(floats).reverse();
    const { source, reads } = counting(zipOf(pickle, {}, { content: other }));
    const { tensors, close } = await readPytorchZip(source);
    const compressed = deflateRawSync(floats).length;
    const before = reads(compressed);
    const [a, b] = [await tensors.get('a')!.read(), await tensors.get('b')!.read()];
    expect(reads(compressed) - before).toBe(1);
    expect([...a, ...b]).toEqual([...floats]);
    expect(a.buffer.byteLength).toBe(8);
    expect([...(await tensors.get('c')!.read())]).toEqual([...other.subarray(4, 12)]);
    expect([...(await tensors.get('a')!.read())]).toEqual([...a]);
    await close();
  });

  it('refuses a compressed storage that claims more than any machine should hold', async () => {
    const extra = Buffer.alloc(12);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(2n ** 33n, 4);
    const bytes = zipOf(dict({ a: tensor('0', 0) }), { claimedBytes: 0xffff_ffff, extra });
    await expect(readPytorchZip(bytesInMemory('memory', bytes))).rejects.toMatchObject({
      code: 'RF-FILE-LIMIT',
      message: expect.stringContaining('x/data/0'),
    });
  });

  it('reads a big-endian array of numpy the same each time', async () => {
    const dtype = `cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'>'\nNNNI-1\nI-1\nI0\ntb`;
    const array = `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR`;
    const content = `c_codecs\nencode\n(S'?\\x00\\x00\\x00'\nS'latin1'\ntR`;
    const pickle = dict({ half: `${array}(I1\n(I1\nt${dtype}I00\n${content}tb` });
    const { tensors } = await readPytorchZip(bytesInMemory('memory', zipOf(pickle)));
    for (let i = 0; i < 3; i++) {
      expect([...(await tensors.get('half')!.read())]).toEqual([0, 0, 0, 0x3f]);
    }
  });

  it('keeps metadata of any name', async () => {
    const zip = zipOf(dict({ __proto__x: 'I7\n' }).replace('__proto__x', '__proto__'));
    const { metadata } = await readPytorchZip(bytesInMemory('memory', zip));
    expect(Object.entries(metadata)).toEqual([['__proto__', '7']]);
  });
});
