import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromNamedTensors, toNamedTensors } from '../tensors/to-named-tensors.js';
import { readSafetensors } from './read-safetensors.js';
import { writeSafetensors } from './write-safetensors.js';
import type { StoredTensor } from '../tensors/stored-tensor.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-formats-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** safetensors.numpy.save({'b': [1.5, -2] F32, 'a': [[7]] I64, 'c': [] U8 0-d 3}, {'k': 'v'}) of safetensors 0.8.0 for Python, in hex. */
const REFERENCE_HEX = [
  'c0000000000000007b225f5f6d657461646174615f5f223a7b226b223a2276227d2c2261223a7b226474797065',
  '223a22493634222c227368617065223a5b312c315d2c22646174615f6f666673657473223a5b302c385d7d2c22',
  '62223a7b226474797065223a22463332222c227368617065223a5b325d2c22646174615f6f666673657473223a',
  '5b382c31365d7d2c2263223a7b226474797065223a225538222c227368617065223a5b5d2c22646174615f6f66',
  '6673657473223a5b31362c31375d7d7d2020202007000000000000000000c03f000000c003',
].join('');

describe('writeSafetensors', () => {
  const tensors = new Map<string, StoredTensor>([
    ['b', { dtype: 'F32', shape: [2], data: new Uint8Array(Float32Array.of(1.5, -2).buffer) }],
    ['a', { dtype: 'I64', shape: [1, 1], data: new Uint8Array(BigInt64Array.of(7n).buffer) }],
    ['c', { dtype: 'U8', shape: [], data: Uint8Array.of(3) }],
  ]);

  it('writes the bytes of the reference implementation', async () => {
    const path = join(folder, 'a.safetensors');
    const bytes = await writeSafetensors(path, tensors, { k: 'v' });
    expect((await readFile(path)).toString('hex')).toBe(REFERENCE_HEX);
    expect(bytes).toBe(REFERENCE_HEX.length / 2);
  });

  it('replaces an existing file', async () => {
    const path = join(folder, 'b.safetensors');
    await writeSafetensors(path, tensors);
    await writeSafetensors(path, new Map());
    expect((await readSafetensors(path)).tensors.size).toBe(0);
  });
});

describe('toNamedTensors', () => {
  const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer);
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x83ff, 0x7bff);

  it('converts every floating-point type', () => {
    const named = toNamedTensors(
      'x',
      new Map<string, StoredTensor>([
        ['f64', { dtype: 'F64', shape: [1], data: bytesOf(Float64Array.of(0.1)) }],
        ['f32', { dtype: 'F32', shape: [1], data: bytesOf(Float32Array.of(0.1)) }],
        ['f16', { dtype: 'F16', shape: [6], data: bytesOf(bits) }],
        ['bf16', { dtype: 'BF16', shape: [2], data: bytesOf(Uint16Array.of(0x3fc0, 0xff80)) }],
      ]),
    );
    expect([...named.get('f64')!.data]).toEqual([Math.fround(0.1)]);
    expect([...named.get('f32')!.data]).toEqual([Math.fround(0.1)]);
    expect([...named.get('f16')!.data]).toEqual([
      1,
      -2,
      5.960464477539063e-8,
      Infinity,
      -0.00006097555160522461,
      65504,
    ]);
    expect([...named.get('bf16')!.data]).toEqual([1.5, -Infinity]);
  });

  it('copies data that is not aligned', () => {
    const data = new Uint8Array(9);
    data.set(bytesOf(Float32Array.of(3, 4)), 1);
    const named = toNamedTensors(
      'x',
      new Map([['a', { dtype: 'F32', shape: [2], data: data.subarray(1) }]]),
    );
    expect([...named.get('a')!.data]).toEqual([3, 4]);
  });

  it('refuses integers by name', () => {
    const integers = new Map<string, StoredTensor>([
      ['n', { dtype: 'I64', shape: [], data: new Uint8Array(8) }],
    ]);
    expect(() => toNamedTensors('file', integers)).toThrow(
      expect.objectContaining({ code: 'RF-FILE-DTYPE', message: expect.stringContaining("'n'") }),
    );
  });

  it('undoes fromNamedTensors without copying', () => {
    const tensor = { shape: [2, 1], data: Float32Array.of(1, 2) };
    const again = toNamedTensors('x', fromNamedTensors(new Map([['a', tensor]]))).get('a')!;
    expect(again).toEqual(tensor);
    expect(again.data.buffer).toBe(tensor.data.buffer);
  });
});
