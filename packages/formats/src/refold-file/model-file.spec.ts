import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { GraphBuilder, initialise, type HostTensor } from '@refold/graph';
import fc from 'fast-check';
import { fromNamedTensors } from '../tensors/to-named-tensors.js';
import { readSafetensors } from '../safetensors/read-safetensors.js';
import { writeSafetensors } from '../safetensors/write-safetensors.js';
import { checksum } from './checksum.js';
import { readModelFile, readWeights } from './read-model-file.js';
import type { RefoldFile } from './refold-file.js';
import { writeModelFile } from './write-model-file.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-model-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'a.safetensors');

const builder = new GraphBuilder({ shape: [1, 4, 4], dtype: 'float32' });
const conv = builder.conv2d('conv', builder.input, { outChannels: 2, kernel: 3, padding: 1 });
const pooled = builder.flatten('flat', builder.globalAvgPool('pool', conv));
const graph = builder.build(builder.linear('fc', pooled, { outFeatures: 3 }));
const weights = initialise(graph, 1);

const checkpoint: RefoldFile = {
  kind: 'checkpoint',
  form: 'train',
  model: 'small',
  graph,
  weights: new Map([...weights, ['optimizer.step', { shape: [], data: Float32Array.of(7) }]]),
  classes: ['Katze', '犬', 'with "quotes"\n'],
  preprocessing: { resize: 73, crop: 64, interpolation: 'bilinear', channels: 3 },
  config: { model: { use: 'small' }, list: [1, null] },
  position: { epoch: 2, batch: 0, step: 7 },
  best: { epoch: 1, top1: 61.5 },
};

describe('a Refold file', () => {
  it('gives back all that was written', async () => {
    const bytes = await writeModelFile(file, checkpoint);
    expect(bytes).toBe(readFileSync(file).length);
    expect(await readModelFile(file)).toEqual(checkpoint);
    const model: RefoldFile = {
      ...checkpoint,
      ...{ kind: 'model', weights, preprocessing: null, config: null, position: null, best: null },
    };
    await writeModelFile(file, model);
    expect(await readModelFile(file)).toEqual(model);
  });

  it('gives back how a network is stored in eight bits, and refuses what is not of this one', async () => {
    const value = { dtype: 'uint8', scale: 0.5, zeroPoint: 3 } as const;
    const quantisation = { values: { conv: value }, weights: { 'conv.weight': [0.25, 1] } };
    await writeModelFile(file, { ...checkpoint, quantisation });
    expect(await readModelFile(file)).toEqual({ ...checkpoint, quantisation });
    const bad = { ...quantisation, values: { neck: value } };
    await expect(writeModelFile(file, { ...checkpoint, quantisation: bad })).rejects.toMatchObject({
      code: 'RF-GRAPH-QUANTISATION',
    });
    const { tensors, metadata } = await readSafetensors(file);
    for (const text of [JSON.stringify(bad), '{"values":{}}', 'nonsense']) {
      const changed: Record<string, string> = { ...metadata, 'refold.quantisation': text };
      changed['refold.checksum'] = checksum(tensors, changed);
      await writeSafetensors(file, tensors, changed);
      await expect(readModelFile(file)).rejects.toMatchObject({ code: 'RF-FILE-METADATA' });
    }
  });

  it('is the same, byte by byte, for the same content', async () => {
    await writeModelFile(file, checkpoint);
    const first = readFileSync(file);
    await writeModelFile(file, checkpoint);
    expect(first.equals(readFileSync(file))).toBe(true);
  });

  it('refuses every change of a bit and every missing end', async () => {
    await writeModelFile(file, checkpoint);
    const good = readFileSync(file);
    const damaged = path.join(folder, 'damaged.safetensors');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(7), fc.boolean(), async (at, bit, cut) => {
        const bytes = Buffer.from(good);
        bytes[at]! ^= 1 << bit;
        writeFileSync(damaged, cut ? good.subarray(0, at) : bytes);
        await expect(readModelFile(damaged)).rejects.toMatchObject({
          code: expect.stringMatching(/^RF-FILE-/),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('tells a flipped bit of the data by the checksum, with the path', async () => {
    await writeModelFile(file, checkpoint);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 0x10;
    writeFileSync(file, bytes);
    await expect(readModelFile(file)).rejects.toMatchObject({
      code: 'RF-FILE-CHECKSUM',
      message: expect.stringContaining(file),
    });
  });

  it('refuses weights of others with a hint, yet gives them where only weights are asked for', async () => {
    await writeSafetensors(file, fromNamedTensors(weights), { format: 'pt' });
    await expect(readModelFile(file)).rejects.toMatchObject({
      code: 'RF-FILE-NOT-REFOLD',
      message: expect.stringContaining('refold import FILE'),
    });
    expect(await readWeights(file)).toEqual(weights);
  });

  it('gives weights without slots', async () => {
    await writeModelFile(file, checkpoint);
    expect(await readWeights(file)).toEqual(weights);
  });

  it('refuses to write weights that do not fit, and says which', async () => {
    const wrong = new Map(weights);
    wrong.delete('fc.bias');
    wrong.set('fc.weight', { shape: [2, 3], data: new Float32Array(6) });
    wrong.set('other', { shape: [1], data: new Float32Array(1) });
    const writing = writeModelFile(file, { ...checkpoint, weights: wrong });
    await expect(writing).rejects.toMatchObject({ code: 'RF-FILE-WEIGHTS' });
    for (const line of [
      'fc.bias: missing',
      'fc.weight: expected [3, 2], received [2, 3]',
      'other: not expected',
    ]) {
      await expect(writing).rejects.toThrow(line);
    }
  });

  /** A file whose metadata were changed by somebody who also made the checksum right. */
  async function forged(change: Record<string, string | null>): Promise<string> {
    await writeModelFile(file, checkpoint);
    const { tensors, metadata } = await readSafetensors(file);
    const changed: Record<string, string> = { ...metadata };
    for (const [key, value] of Object.entries(change)) {
      if (value === null) delete changed[key];
      else changed[key] = value;
    }
    changed['refold.checksum'] = checksum(tensors, changed);
    await writeSafetensors(file, tensors, changed);
    return file;
  }

  it.each([
    ['refold.format', '2', 'RF-FILE-FORMAT'],
    ['refold.kind', 'other', 'RF-FILE-METADATA'],
    ['refold.form', null, 'RF-FILE-METADATA'],
    ['refold.graph', '{"version":1}', 'RF-FILE-METADATA'],
    ['refold.graph', '[[[[', 'RF-FILE-METADATA'],
    ['refold.classes', '[1]', 'RF-FILE-METADATA'],
    ['refold.preprocessing', '{"crop":-1}', 'RF-FILE-METADATA'],
    ['refold.position', '{"epoch":0.5,"batch":0,"step":0}', 'RF-FILE-METADATA'],
    ['refold.config', 'not json', 'RF-FILE-METADATA'],
  ])('refuses %s = %s, although the checksum is right', async (key, value, code) => {
    await expect(readModelFile(await forged({ [key]: value }))).rejects.toMatchObject({ code });
  });

  it('holds weights and slots of 36 MB', async () => {
    const wide = new GraphBuilder({ shape: [1500], dtype: 'float32' });
    const big = wide.build(wide.linear('fc', wide.input, { outFeatures: 3000 }));
    const data = new Float32Array(3000 * 1500);
    data.set([1, NaN, -0, 3.5], 1000);
    const first = new Map([
      ['fc.weight', { shape: [3000, 1500], data }],
      ['fc.bias', { shape: [3000], data: new Float32Array(3000) }],
    ]);
    const slots = [...first].map(([name, tensor]) => [`optimizer.m.${name}`, tensor] as const);
    const bytes = await writeModelFile(file, {
      ...checkpoint,
      graph: big,
      weights: new Map([...first, ...slots]),
    });
    expect(bytes).toBeGreaterThan(36_000_000);
    const read = (await readModelFile(file)).weights.get('fc.weight')!;
    // Element by element, jest would take a minute.
    const bytesOf = ({ data }: HostTensor) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    expect(bytesOf(read).equals(bytesOf(first.get('fc.weight')!))).toBe(true);
  });
});
