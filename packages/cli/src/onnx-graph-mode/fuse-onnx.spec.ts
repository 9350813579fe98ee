import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { copyModel, openOnnx, writeOnnxFile } from '@refold/formats';
import { openOnnxRuntime } from '../onnx-runtime/open-onnx-runtime.js';
import { answerDifference } from '../onnx-runtime/difference-of.js';
import { fuseOnnx } from './fuse-onnx.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-fuse-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const output = path.join(folder, 'fused.onnx');
/** Files that `e2e/python/make-onnx-fixtures.py` made. */
const fixture = (name: string) =>
  path.join(import.meta.dirname, '../../../formats/fixtures/onnx', `${name}.onnx`);

async function opsOf(file: string): Promise<Readonly<Record<string, number>>> {
  const model = await openOnnx(file);
  await model.close();
  const counts: Record<string, number> = {};
  for (const { opType } of model.graph.nodes) counts[opType] = (counts[opType] ?? 0) + 1;
  return counts;
}

describe('fuseOnnx', () => {
  it.each([
    ['repvgg', 5],
    ['repvgg-kept', 5],
    ['repvgg-dynamo', 5],
    ['mobileone-kept', 4],
  ])('makes one convolution of each block of %s', async (name, blocks) => {
    const document = await fuseOnnx(fixture(name), output);
    expect(document.regions).toHaveLength(blocks);
    expect(document.network).toMatchObject({ top1Agreement: 1, samples: 2 });
    expect(document.network!.maxRelError).toBeLessThan(1e-5);
    expect(document.left).toEqual([]);
    const ops = await opsOf(output);
    expect(ops['Conv']).toBe(blocks);
    expect(ops['BatchNormalization']).toBeUndefined();
    expect(ops['Add']).toBeUndefined();
    const { parameters, macs } = document;
    expect(parameters.fused).toBeLessThan(parameters.train);
    expect(macs!.fused).toBeLessThan(macs!.train);
  });

  it.each(['detector', 'detector-dynamo'])('fuses inside %s, all else as it was', async (name) => {
    const document = await fuseOnnx(fixture(name), output);
    expect(document.network!.outputs.map(({ maxRelError }) => maxRelError < 1e-5)).toEqual([
      true,
      true,
    ]);
    expect(document.network!.top1Agreement).toBeNull();
    const [before, after] = [await opsOf(fixture(name)), await opsOf(output)];
    expect(after['BatchNormalization']).toBeUndefined();
    for (const op of ['Resize', 'MaxPool', 'Sigmoid', 'Relu', 'Concat', 'Split', 'Transpose']) {
      expect([op, after[op]]).toEqual([op, before[op]]);
    }
  });

  it('passes by ops that nobody knows, values that loops use, and text in any script', async () => {
    const document = await fuseOnnx(fixture('custom'), output);
    expect(document).toMatchObject({
      network: null,
      notes: [expect.stringContaining('not measured')],
      macs: null,
    });
    const [before, after] = [await openOnnx(fixture('custom')), await openOnnx(output)];
    const raw = async (model: typeof before, wanted: string) => {
      const index = model.graph.nodes.findIndex(({ opType }) => opType === wanted);
      const { field } = model.graph.fields.find(({ key }) => key === index)!;
      return field.wire === 'bytes' ? Buffer.from(field.place.bytes!).toString('hex') : '';
    };
    for (const op of ['Swirl', 'If']) expect(await raw(after, op)).toBe(await raw(before, op));
    expect(after.metadata).toEqual(before.metadata);
    expect(after.opsets).toEqual(before.opsets);
    await before.close();
    await after.close();
    // The value of one batch norm is used inside the If: the branches of its block become one convolution each.
    expect(document.regions).toHaveLength(6);
    expect((await opsOf(output))['Add']).toBeGreaterThan(0);
  });

  it('does nothing to a fused model', async () => {
    await fuseOnnx(fixture('repvgg-kept'), output);
    const again = path.join(folder, 'again.onnx');
    expect(await fuseOnnx(output, again)).toMatchObject({ regions: [], left: [] });
    expect(readFileSync(again).equals(readFileSync(output))).toBe(true);
  });

  it('names convolutions by their blocks', async () => {
    const { regions } = await fuseOnnx(fixture('repvgg-dynamo'), output);
    expect(regions.map(({ name }) => name)).toEqual([
      'stem.reparam_conv',
      ...['0.0', '0.1', '1.0', '1.1'].map((block) => `stages.${block}.reparam_conv`),
    ]);
  });

  it('says why it leaves what it leaves', async () => {
    const document = await fuseOnnx(fixture('strided'), output);
    expect(document.regions).toHaveLength(1);
    expect(document.left).toEqual([
      { name: 'bn', reason: expect.stringContaining('its padding puts zeros') },
    ]);
  });

  it('reads weights beside the input, and writes its own beside the output', async () => {
    const large = path.join(folder, 'large.onnx');
    const model = await openOnnx(fixture('repvgg-kept'));
    await writeOnnxFile(large, await copyModel(model), { maxBytes: 1000 });
    await model.close();
    mkdirSync(path.join(folder, 'to'));
    const to = path.join(folder, 'to', 'fused.onnx');
    const document = await fuseOnnx(large, to, { maxBytes: 1000 });
    expect(document.network!.maxRelError).toBeLessThan(1e-5);
    expect(readdirSync(path.join(folder, 'to')).sort()).toEqual(['fused.onnx', 'fused.onnx.data']);
    copyFileSync(large, path.join(folder, 'other.onnx'));
    await expect(fuseOnnx(path.join(folder, 'other.onnx'), large)).rejects.toMatchObject({
      code: 'RF-CLI-SAME-FILE',
    });
  });

  it('writes nothing over the gate, and never over its input', async () => {
    const none = path.join(folder, 'none.onnx');
    const fusing = fuseOnnx(fixture('repvgg-kept'), none, { gate: { network: 0 } });
    await expect(fusing).rejects.toMatchObject({ code: 'RF-FUSE-TOLERANCE', exitCode: 3 });
    expect(existsSync(none)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
    await fuseOnnx(fixture('repvgg-kept'), none);
    await expect(fuseOnnx(none, none)).rejects.toMatchObject({ code: 'RF-CLI-SAME-FILE' });
  });

  it('gives a detector that answers images of other sizes than the probe', async () => {
    await fuseOnnx(fixture('detector'), output);
    const [a, b] = [await openOnnxRuntime(fixture('detector')), await openOnnxRuntime(output)];
    const data = Float64Array.from({ length: 3 * 96 * 160 }, (_, i) => Math.sin(i));
    const feeds = { image: { type: 'float32', shape: [1, 3, 96, 160], data } as const };
    const [expected, received] = [await a.run(feeds), await b.run(feeds)];
    for (const [name, { data }] of Object.entries(expected)) {
      expect(answerDifference(data, received[name]!.data).maxRelError).toBeLessThan(1e-5);
    }
    await a.close();
    await b.close();
  });
});
