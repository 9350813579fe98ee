import { describe, expect, it } from '@jest/globals';
import { contentOf, fixtureBytes, openMemory } from '../spec-kit/fixtures.js';
import { makeZip } from '../spec-kit/make-zip.js';

const npy = (header: string, data = 0, version = 1): Uint8Array => {
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(header.length, 8);
  else head.writeUInt32LE(header.length, 8);
  return new Uint8Array(Buffer.concat([head, Buffer.from(header, 'latin1'), Buffer.alloc(data)]));
};
const outcome = (bytes: Uint8Array) =>
  openMemory(bytes)
    .then(contentOf)
    .catch((error: unknown) => (error as { code?: string }).code ?? error);

describe('openNumpy', () => {
  it.each(['arrays.npz', 'arrays-deflated.npz'])(
    'reads %s as the safetensors library wrote the same',
    async (name) => {
      const file = await openMemory(fixtureBytes(name));
      expect(file.format).toBe('numpy');
      expect(await contentOf(file)).toEqual(
        await contentOf(await openMemory(fixtureBytes('arrays.safetensors'))),
      );
    },
  );

  it('reads one array of Fortran order', async () => {
    const content = await contentOf(await openMemory(fixtureBytes('fortran.npy')));
    const expected = await contentOf(await openMemory(fixtureBytes('arrays.safetensors')));
    expect(content).toEqual({ arr_0: expected['fortran'] });
  });

  it('lists arrays of objects, texts, records and complex numbers, and reads none', async () => {
    const { tensors } = await openMemory(fixtureBytes('odd.npz'));
    expect([...tensors.keys()]).toEqual(['objects', 'text', 'complex', 'record', 'plain']);
    for (const name of ['objects', 'text', 'complex', 'record']) {
      await expect(tensors.get(name)!.read()).rejects.toMatchObject({ code: 'RF-FILE-DTYPE' });
    }
    expect(await tensors.get('plain')!.read()).toHaveLength(8);
  });

  it('takes headers of every version, in any order and spacing', async () => {
    const header = `{ "shape":(2L,) ,'fortran_order':False,"descr" : '<f4'}   \n`;
    for (const version of [1, 2, 3]) {
      expect(await outcome(npy(header, 8, version))).toEqual({ arr_0: 'F32 [2] 0000000000000000' });
    }
  });

  it('takes an empty file of numpy.savez', async () => {
    expect(await outcome(makeZip([]))).toEqual({});
  });

  const f4 = `{'descr': '<f4', 'fortran_order': False, 'shape': `;
  it.each([
    ['code in the header', npy(`__import__('os').system('true')`), 'RF-FILE-MALFORMED'],
    ['code in the shape', npy(`${f4}(exit(), ), }`), 'RF-FILE-MALFORMED'],
    [
      'another key',
      npy(`{'descr': '<f4', 'fortran_order': False, 'x': 1, 'shape': (), }`, 4),
      'RF-FILE-MALFORMED',
    ],
    ['no shape', npy(`{'descr': '<f4', 'fortran_order': False, }`), 'RF-FILE-MALFORMED'],
    ['a shape that is too large', npy(`${f4}(2,), }`, 4), 'RF-FILE-MALFORMED'],
    ['a shape that is too small', npy(`${f4}(2,), }`, 12), 'RF-FILE-MALFORMED'],
    ['a shape that overflows', npy(`${f4}(${2 ** 52}, ${2 ** 52}), }`, 4), 'RF-FILE-MALFORMED'],
    ['a negative shape', npy(`${f4}(-1,), }`, 4), 'RF-FILE-MALFORMED'],
    ['version 9', npy(`${f4}(), }`, 4, 9), 'RF-FILE-MALFORMED'],
    ['a header that is cut off', npy(`${f4}(), }`).slice(0, 40), 'RF-FILE-MALFORMED'],
    [
      'an object',
      npy(`{'descr': '|O', 'fortran_order': False, 'shape': (), }`, 40),
      'RF-FILE-DTYPE',
    ],
    [
      'a changed array',
      (() => {
        const zip = fixtureBytes('arrays.npz');
        zip[zip.indexOf(0x0a) + 3]! ^= 1;
        return zip;
      })(),
      'RF-FILE-CHECKSUM',
    ],
    [
      'a bomb',
      makeZip([
        {
          name: 'a.npy',
          content: npy(`${f4}(25000000,), }`, 100),
          isDeflated: true,
          claimedBytes: 100_000_000,
        },
      ]),
      'RF-FILE-MALFORMED',
    ],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await outcome(bytes)).toBe(code);
  });
});
