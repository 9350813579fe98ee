import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { isRefoldError } from '@refold/graph';
import fc from 'fast-check';
import { nodeFileSystem, type AtomicFileSystem } from '../files/atomic-file.js';
import { bytesInMemory } from '../bytes/bytes-in-memory.js';
import { wire, writePieces, type Piece } from '../protobuf/write-fields.js';
import { readSafetensors } from '../safetensors/read-safetensors.js';
import { openWeights } from '../weights/open-weights.js';
import { copyModel } from './copy-model.js';
import { readOnnxNetwork } from './import/read-onnx-network.js';
import { entryPieces, nodePieces, valuePieces } from './message-pieces.js';
import { openOnnx, openOnnxFrom } from './read-model.js';
import { findOnnxRegions } from './regions/find-onnx-regions.js';
import { fixture, fixtureFolder } from './spec-kit/fixtures.js';
import { writeOnnxFile } from './write-onnx-file.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-onnx-model-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]): string => path.join(folder, ...names);

async function bytesOf(pieces: readonly Piece[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await writePieces(pieces, async (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks);
}

/** A model whose graph has these fields. */
function modelOf(graph: readonly Piece[]): Promise<Buffer> {
  return bytesOf([...wire.varint(1, 8), ...wire.message(7, graph)]);
}

const relu = (input: string, output: string) =>
  wire.message(1, nodePieces({ opType: 'Relu', name: output, inputs: [input], outputs: [output] }));
const input = wire.message(11, valuePieces('x', 1, [1, 3, 4, 4]));
const output = wire.message(12, valuePieces('y', 1, null));

/** Reads everything that there is in a model. */
async function readAll(bytes: Uint8Array, name = at('m.onnx')): Promise<void> {
  const model = await openOnnxFrom(bytesInMemory(name, bytes));
  try {
    for (const tensor of model.graph.initializers.values()) await tensor.read();
  } finally {
    await model.close();
  }
}

describe('openOnnx', () => {
  it('reads lists that are longer than a call has room for', async () => {
    const many = Array.from({ length: 300_000 }, (_, i) => i % 7);
    const ints = [...wire.text(1, 'axes'), ...wire.packed(8, many), ...wire.varint(20, 7)];
    const node = [...wire.text(4, 'Odd'), ...wire.text(2, 'y'), ...wire.message(5, ints)];
    const model = await openOnnxFrom(
      bytesInMemory('x', await modelOf([...wire.message(1, node), ...output])),
    );
    expect(model.graph.nodes[0]!.attributes.get('axes')!.ints).toHaveLength(300_000);
  });

  it('refuses tensors of absurd rank and models of absurdly many fields, by an error', async () => {
    const dims = wire.packed(
      1,
      Array.from({ length: 300_000 }, () => 1),
    );
    const tensor = wire.message(5, [...dims, ...wire.varint(2, 1), ...wire.text(8, 'w')]);
    await readAll(await modelOf(tensor)).catch((error: unknown) => {
      if (!isRefoldError(error)) throw error;
    });
    const crowd = new Uint8Array(2 * 600_000).map((_, i) => (i % 2 === 0 ? 0x78 : 0));
    for (const bytes of [crowd, await modelOf([crowd])]) {
      await expect(readAll(bytes)).rejects.toMatchObject({ code: 'RF-FILE-LIMIT' });
    }
  });

  it('leaves the old model and its weights where the new one finds no room', async () => {
    const file = at('large.onnx');
    const tensor = (fill: number) => ({
      tensor: {
        head: [...wire.varint(1, 1024), ...wire.varint(2, 1), ...wire.text(8, 'w')],
        data: [new Uint8Array(Float32Array.from({ length: 1024 }, () => fill).buffer)],
      },
    });
    const outgoing = (fill: number) => ({
      ...{ before: wire.varint(1, 8), after: [] },
      graph: [tensor(fill), { number: 12, pieces: valuePieces('w', 1, [1024]) }],
    });
    const first = async () => {
      const model = await openOnnx(file);
      const bytes = await model.graph.initializers.get('w')!.read();
      await model.close();
      return new Float32Array(bytes.buffer, bytes.byteOffset, 1)[0];
    };
    await writeOnnxFile(file, outgoing(1), { maxBytes: 100 });
    expect(await first()).toBe(1);
    const full: AtomicFileSystem = {
      ...nodeFileSystem,
      create: (name) =>
        name.includes('.data')
          ? nodeFileSystem.create(name)
          : Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    const again = writeOnnxFile(file, outgoing(2), { maxBytes: 100, files: full });
    await expect(again).rejects.toMatchObject({ code: 'RF-FILE-DISK-FULL' });
    expect(await first()).toBe(1);
    await writeOnnxFile(file, outgoing(3), { maxBytes: 100 });
    expect(await first()).toBe(3);
  });

  it('reads every type from every field that can hold it, as onnx does', async () => {
    const weights = await openWeights(fixture('types'));
    const { tensors: expected } = await readSafetensors(
      path.join(fixtureFolder, 'types.safetensors'),
    );
    expect(expected.size).toBe(13);
    for (const [name, { data }] of expected) {
      for (const kind of ['raw', 'typed']) {
        const tensor = weights.tensors.get(`${name}.${kind}`)!;
        expect(tensor.shape).toEqual([2, 3]);
        expect([name, kind, ...(await tensor.read())]).toEqual([name, kind, ...data]);
      }
    }
    const constant = await weights.tensors.get('constant')!.read();
    expect([...new Float32Array(constant.slice().buffer)]).toEqual([1.5, -2]);
    expect(weights).toMatchObject({
      format: 'onnx',
      metadata: { key: 'value', 'onnx.opsets': '{"":17}' },
      notes: [expect.stringContaining('string')],
    });
    await weights.close();
  });

  it.each(['repvgg-kept', 'detector', 'detector-dynamo', 'custom', 'types', 'mindspore'])(
    'writes %s again byte by byte',
    async (name) => {
      const model = await openOnnx(fixture(name));
      await writeOnnxFile(at('copy.onnx'), await copyModel(model));
      await model.close();
      const [was, is] = [fixture(name), at('copy.onnx')].map((file) => readFileSync(file));
      expect(is!.equals(was!)).toBe(true);
    },
  );

  it('keeps large weights in a file beside the model, and takes them in again', async () => {
    const model = await openOnnx(fixture('repvgg-kept'));
    await writeOnnxFile(at('large.onnx'), await copyModel(model), { maxBytes: 20_000 });
    const large = await openOnnx(at('large.onnx'));
    expect(large.externalFiles).toEqual(['large.onnx.data']);
    expect([...large.graph.initializers.keys()]).toEqual([...model.graph.initializers.keys()]);
    for (const [name, tensor] of model.graph.initializers) {
      const other = large.graph.initializers.get(name)!;
      expect(other.external).toBe((await tensor.read()).length >= 1024);
      expect(await other.read()).toEqual(await tensor.read());
    }
    mkdirSync(at('elsewhere'));
    await writeOnnxFile(at('elsewhere', 'again.onnx'), await copyModel(large));
    await large.close();
    const again = await openOnnx(at('elsewhere', 'again.onnx'));
    for (const [name, tensor] of model.graph.initializers) {
      const other = again.graph.initializers.get(name)!;
      expect(other.external).toBe(false);
      expect(await other.read()).toEqual(await tensor.read());
    }
    await again.close();
    await model.close();
  });

  it('answers every missing end with a RefoldError', async () => {
    const bytes = readFileSync(fixture('mindspore'));
    await readAll(bytes);
    for (let length = 0; length < bytes.length; length++) {
      const reading = readAll(bytes.subarray(0, length));
      const error: unknown = await reading.then(
        () => null,
        (one: unknown) => one,
      );
      // A file that ends after a whole field may be a model still.
      if (error !== null && !isRefoldError(error)) throw error as Error;
    }
  });

  it('answers changed bytes with a model or a RefoldError', async () => {
    const good = readFileSync(fixture('mindspore'));
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(good);
        for (const [i, byte] of changes) bytes[i] = byte;
        writeFileSync(at('changed.onnx'), bytes);
        const regions = async () => {
          const model = await openOnnxFrom(bytesInMemory(at('changed.onnx'), bytes));
          await findOnnxRegions(model);
        };
        const whole = () => readOnnxNetwork(at('changed.onnx'));
        for (const read of [() => readAll(bytes), whole, regions]) {
          await read().catch((error: unknown) => {
            if (!isRefoldError(error)) throw error;
          });
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each<[string, string, () => Promise<Buffer>]>([
    ['no graph', 'RF-ONNX-MODEL', () => bytesOf(wire.varint(1, 8))],
    ['nodes in a circle', 'RF-ONNX-MODEL', () => modelOf([...relu('b', 'a'), ...relu('a', 'b')])],
    ['an input from nowhere', 'RF-ONNX-MODEL', () => modelOf([...relu('z', 'y'), ...output])],
    ['an output from nowhere', 'RF-ONNX-MODEL', () => modelOf([...input, ...output])],
    [
      'a value with two sources',
      'RF-ONNX-MODEL',
      () => modelOf([...input, ...relu('x', 'y'), ...relu('x', 'y'), ...output]),
    ],
    [
      'sizes whose product is beyond numbers',
      'RF-FILE-MALFORMED',
      () =>
        modelOf(
          wire.message(5, [
            ...[1, 2, 3].flatMap(() => wire.varint(1, 2n ** 62n)),
            ...wire.varint(2, 1),
          ]),
        ),
    ],
    [
      'a huge tensor without data',
      'RF-FILE-MALFORMED',
      () => modelOf(wire.message(5, [...wire.varint(1, 2n ** 40n), ...wire.varint(2, 1)])),
    ],
    [
      'a negative size',
      'RF-FILE-MALFORMED',
      () => modelOf(wire.message(5, [...wire.varint(1, -1), ...wire.varint(2, 1)])),
    ],
    ['graphs nested without end', 'RF-FILE-MALFORMED', () => modelOf(nested(150))],
    [
      'a name that is no text',
      'RF-FILE-MALFORMED',
      () => modelOf(wire.message(2, [Buffer.of(0xff)])),
    ],
  ])('refuses %s', async (_, code, make) => {
    await expect(readAll(await make())).rejects.toMatchObject({ code });
  });

  const external = (entries: Readonly<Record<string, string>>) =>
    modelOf(
      wire.message(5, [
        ...[...wire.varint(1, 4), ...wire.varint(2, 1), ...wire.text(8, 'w')],
        ...Object.entries(entries).flatMap(([key, value]) =>
          wire.message(13, entryPieces(key, value)),
        ),
        ...wire.varint(14, 1),
      ]),
    );

  it.each<[Readonly<Record<string, string>>, string]>([
    [{ location: '../secret' }, 'RF-ONNX-EXTERNAL'],
    [{ location: 'a/../../secret' }, 'RF-ONNX-EXTERNAL'],
    [{ location: '/etc/passwd' }, 'RF-ONNX-EXTERNAL'],
    [{ location: '..\\secret' }, 'RF-ONNX-EXTERNAL'],
    [{ location: 'C:\\secret' }, 'RF-ONNX-EXTERNAL'],
    [{ location: '.' }, 'RF-ONNX-EXTERNAL'],
    [{ location: 'link' }, 'RF-ONNX-EXTERNAL'],
    [{ location: 'missing' }, 'RF-FILE-UNREADABLE'],
    [{ location: 'inside' }, 'RF-FILE-UNREADABLE'],
    [{ location: 'weights', offset: '8' }, 'RF-FILE-MALFORMED'],
    [{ location: 'weights', offset: '8', length: '16' }, 'RF-FILE-TRUNCATED'],
    [{ location: 'weights', offset: '9007199254740000', length: '16' }, 'RF-FILE-MALFORMED'],
    [{ location: 'weights', offset: '-1' }, 'RF-FILE-MALFORMED'],
    [{}, 'RF-FILE-MALFORMED'],
  ])('refuses weights at %p', async (entries, code) => {
    mkdirSync(at('external', 'inside'), { recursive: true });
    writeFileSync(at('secret'), 'a secret of sixteen');
    writeFileSync(at('external', 'weights'), Buffer.alloc(16));
    try {
      symlinkSync(at('secret'), at('external', 'link'));
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    }
    const model = at('external', 'm.onnx');
    await readAll(await external({ location: 'weights' }), model);
    await expect(readAll(await external(entries), model)).rejects.toMatchObject({ code });
  });
});

/** A graph with a node with a graph with a node … */
function nested(depth: number): Piece[] {
  let graph: Piece[] = [];
  for (let i = 0; i < depth; i++) {
    graph = wire.message(1, wire.message(5, wire.message(6, graph)));
  }
  return graph;
}
