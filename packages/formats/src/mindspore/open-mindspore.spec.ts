import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { wire, writePieces, type Piece } from '../protobuf/write-fields.js';
import { contentOf, fixtureBytes, openMemory } from '../spec-kit/fixtures.js';
import { sourcesOf } from '../tensors/tensor-source.js';
import { openWeights } from '../weights/open-weights.js';
import { looksLikeMindspore } from './open-mindspore.js';
import { writeMindspore } from './write-mindspore.js';

async function fileOf(values: readonly Piece[][]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await writePieces(
    values.flatMap((value) => wire.message(1, value)),
    (bytes) => {
      chunks.push(bytes);
      return Promise.resolve();
    },
  );
  return new Uint8Array(Buffer.concat(chunks));
}
const value = (
  tag: string,
  dims: readonly (number | bigint)[],
  type: string,
  content: Uint8Array,
) => [
  ...wire.text(1, tag),
  ...wire.message(2, [
    ...dims.flatMap((dim) => wire.varint(1, dim)),
    ...wire.text(2, type),
    ...wire.message(3, [content]),
  ]),
];
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const outcome = async (values: readonly Piece[][]) =>
  fileOf(values)
    .then(openMemory)
    .then(contentOf, (error: unknown) => (error as { code?: string }).code ?? error);

it.each(['', 'a\nb', 'a\0b', '\ud800'])('writeMindspore refuses the name %j', async (name) => {
  const tensor = { dtype: 'F32', shape: [1], data: floats(1) } as const;
  const folder = await mkdtemp(join(tmpdir(), 'refold-mindspore-'));
  const writing = writeMindspore(join(folder, 'x.ckpt'), sourcesOf(new Map([[name, tensor]])));
  await expect(writing).rejects.toMatchObject({ code: 'RF-FILE-NAME' });
  await rm(folder, { recursive: true });
});

describe('openMindspore', () => {
  it('keeps a tensor apart from a map parameter of the same tag, in either order', async () => {
    const map = [...wire.text(1, 'm'), ...wire.message(3, [])];
    const tensor = value('m', [2], 'Float32', floats(1, 2));
    for (const values of [
      [map, tensor],
      [tensor, map],
    ]) {
      const file = await openMemory(await fileOf(values));
      expect([...file.tensors.keys()]).toEqual(['m']);
      expect(file.notes.join()).toContain('map parameters');
    }
  });

  it('keeps a text whatever its tag', async () => {
    const text = Buffer.from('tiny', 'utf-16le');
    const wide = new Uint8Array(16);
    for (let i = 0; i < 4; i++) wide[4 * i] = text[2 * i]!;
    const { metadata } = await openMemory(await fileOf([value('__proto__', [1], 'str', wide)]));
    expect(Object.entries(metadata)).toEqual([['__proto__', 'tiny']]);
  });

  it('reads every type that MindSpore writes, and a text', async () => {
    const { format, tensors, metadata, notes } = await openMemory(fixtureBytes('kinds.ckpt'));
    expect([format, metadata, notes]).toEqual(['mindspore', { recipe: 'tiny' }, []]);
    const content = await contentOf({ tensors });
    const number = (bits: string) => bits.repeat(1);
    expect(content).toMatchObject({
      float16: `F16 [2, 3] ${number('000000be0040004400458042')}`,
      float32: `F32 [2, 3] ${Buffer.from(floats(0, -1.5, 2, 4, 5, 3.25)).toString('hex')}`,
      bfloat16: 'BF16 [2, 3] 0000c0bf00408040a0405040',
      bool: 'BOOL [2, 3] 000101010101',
      int8: 'I8 [2, 3] 000102036407',
      uint16: 'U16 [2, 3] 000001000200030064000700',
      scalar: 'F32 [] 0000003f',
      epoch_num: 'I64 [] 0300000000000000',
    });
    expect(Object.keys(content)).toHaveLength(15);
  });

  it('joins what MindSpore split, and takes a checksum for what it is', async () => {
    const split = await contentOf(await openMemory(fixtureBytes('split.ckpt')));
    const long = Float32Array.from({ length: 700 }, (_, i) => i);
    expect(split['long']).toBe(`F32 [7, 100] ${Buffer.from(long.buffer).toString('hex')}`);
    const checked = await openMemory(fixtureBytes('crc.ckpt'));
    expect([...checked.tensors.keys()]).toEqual(['float16', 'float32']);
    expect(checked.notes).toEqual([expect.stringContaining('checksum')]);
  });

  it('takes the oddities of real files, and says so', async () => {
    const file = await openMemory(
      await fileOf([
        value('rate', [0], 'Float32', floats(0.5)),
        value('none', [0], 'Float32', floats()),
        value('w', [1], 'Float32', floats(1)),
        value('other', [1], 'Float32', floats(3)),
        value('w', [1], 'Float32', floats(2)),
        value('complex', [1], 'Complex64', floats(1, 2)),
        [...wire.text(1, 'map'), ...wire.message(3, [])],
      ]),
    );
    const { complex, ...others } = Object.fromEntries(file.tensors);
    expect(await contentOf({ tensors: new Map(Object.entries(others)) })).toEqual({
      rate: 'F32 [] 0000003f',
      none: 'F32 [0] ',
      other: 'F32 [1] 00004040',
      w: 'F32 [1] 00000040',
    });
    await expect(complex!.read()).rejects.toMatchObject({ code: 'RF-FILE-DTYPE' });
    expect(file.notes).toEqual([
      'rate: scalars with dims [0], as older versions write them.',
      'w: saved more than once; the last was taken.',
      'complex: of type Complex64, which is not read.',
      'map: map parameters, which were left out.',
    ]);
  });

  it.each<[string, readonly Piece[][]]>([
    ['a content too short', [value('w', [2], 'Float32', floats(1))]],
    ['a content too long', [value('w', [1], 'Float32', floats(1, 2))]],
    ['a negative size', [value('w', [-1n], 'Float32', floats(1))]],
    ['a size that overflows', [value('w', [2n ** 62n, 4], 'Float32', floats(1))]],
    ['a value without a tag', [wire.message(2, [])]],
    ['a value without a tensor', [wire.text(1, 'w')]],
    [
      'a tensor without a content',
      [[...wire.text(1, 'w'), ...wire.message(2, wire.text(2, 'Float32'))]],
    ],
  ])('refuses %s', async (_, values) => {
    const first = value('v', [1], 'Float32', floats(1));
    expect(await outcome([first, ...values])).toBe('RF-FILE-MALFORMED');
  });

  it('does not take other protobuf files for checkpoints', () => {
    // A TensorFlow GraphDef: node { name: "x" op: "Placeholder" }; an ONNX model: ir_version: 8.
    const graph = Buffer.from('0a100a0178120b506c616365686f6c646572', 'hex');
    const model = Buffer.from('08081207707974', 'hex');
    expect([graph, model, Buffer.from('hello')].map(looksLikeMindspore)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('splits long tensors on writing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'refold-mindspore-'));
    const path = join(folder, 'x.ckpt');
    const data = floats(1, 2, 3, 4, 5);
    const written = sourcesOf(new Map([['w', { dtype: 'F32' as const, shape: [5], data }]]));
    await writeMindspore(path, written, {}, 8);
    const file = await openWeights(path);
    expect(await contentOf(file)).toEqual(await contentOf({ tensors: written }));
    expect((await readFile(path, 'latin1')).split('Float32')).toHaveLength(4);
    await file.close();
    await rm(folder, { recursive: true });
  });
});

/** The folder of real checkpoints beside the repository, where there is one. */
const real = (() => {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, 'shared', 'data', 'mindspore-ckpt');
    if (existsSync(found)) return found;
  }
  return null;
})();

(real ? describe : describe.skip)('real checkpoints (skipped where shared/ is missing)', () => {
  it.each([
    ['lenet5_Sw1ing.ckpt', 8, []],
    ['mindcv_network_2.ckpt', 4, []],
    [
      'lenet_XuMian.ckpt',
      19,
      ['learning_rate, momentum: scalars with dims [0], as older versions write them.'],
    ],
  ])('%s', async (name, tensors, notes) => {
    const file = await openWeights(join(real ?? '', name));
    expect([file.format, file.tensors.size, file.notes]).toEqual(['mindspore', tensors, notes]);
    expect(file.tensors.get('conv1.weight')!.shape).toEqual([6, 1, 5, 5]);
    const values = new Float32Array(
      (await file.tensors.get('conv1.weight')!.read()).slice().buffer,
    );
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(2);
    await file.close();
  });
});
