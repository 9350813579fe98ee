import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { evaluate, GraphBuilder } from '@refold/graph';
import { copyModel } from '../copy-model.js';
import { writeOnnx } from '../export/write-onnx.js';
import { openOnnx } from '../read-model.js';
import { expectedOf, fixture } from '../spec-kit/fixtures.js';
import { opGraphs } from '../spec-kit/op-graphs.js';
import { randomBatch, randomWeights } from '../spec-kit/random-network.js';
import { relativeError } from '../spec-kit/run-in-onnxruntime.js';
import { writeOnnxFile } from '../write-onnx-file.js';
import { readOnnxNetwork } from './read-onnx-network.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-onnx-read-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'a.onnx');
const stripped = path.join(folder, 'b.onnx');

/** The file without Refold's metadata, as a model of another program. */
async function strip(): Promise<void> {
  const model = await openOnnx(file);
  const withoutMetadata = new Set(model.metadata.keys());
  await writeOnnxFile(stripped, await copyModel(model, { withoutMetadata }));
  await model.close();
}

describe('readOnnxNetwork', () => {
  it.each([
    ...['repvgg', 'repvgg-kept', 'repvgg-dynamo', 'mobileone-kept'],
    ...['activations', 'activations-13', 'activations-dynamo', 'mindspore'],
  ])('reads %s, and the network answers as in PyTorch', async (name) => {
    const { graph, weights, exact } = await readOnnxNetwork(fixture(name));
    const expected = await expectedOf(name);
    const received = evaluate(graph, weights, expected('input')).get(graph.output)!;
    expect(exact).toBe(false);
    expect(received.shape).toEqual(expected('output0').shape);
    expect(relativeError(expected('output0').data, received.data)).toBeLessThan(2e-6);
  });

  it('reads activations as the ops that they are, in three ways of writing them', async () => {
    for (const name of ['activations', 'activations-13', 'activations-dynamo']) {
      const { graph } = await readOnnxNetwork(fixture(name));
      const ops = graph.nodes.map(({ op }) => op);
      for (const op of ['gelu', 'silu', 'hard_swish', 'relu6', 'sigmoid', 'scale'] as const) {
        expect(ops.filter((one) => one === op)).toHaveLength(op === 'scale' ? 3 : 1);
      }
    }
  });

  it("names nodes by their weights' paths", async () => {
    const kept = await readOnnxNetwork(fixture('repvgg-kept'));
    const names = [...kept.weights.keys()];
    expect(names).toContain('stages.0.1.conv_kxk.conv.weight');
    expect(names).toContain('stages.0.1.identity.running_var');
    expect(names).toContain('head.fc.bias');
    const mindspore = await readOnnxNetwork(fixture('mindspore'));
    expect([...mindspore.weights.keys()]).toEqual([
      'stage0.rbr_dense.0.weight',
      ...['weight', 'bias', 'running_mean', 'running_var'].map((s) => `stage0.rbr_dense.1.${s}`),
      ...['linear.weight', 'linear.bias'],
    ]);
  });

  it.each(Object.entries(opGraphs))('gives back %s exactly', async (_, graph) => {
    const weights = randomWeights(graph);
    const preprocessing = { resize: 8, crop: 7, interpolation: 'bicubic', channels: 3 } as const;
    await writeOnnx(file, { graph, weights, classes: ['Katze', '犬'], preprocessing });
    expect(await readOnnxNetwork(file)).toEqual({
      ...{ graph, weights, classes: ['Katze', '犬'], preprocessing },
      ...{ quantisation: null, exact: true, notes: [] },
    });
  });

  it.each(Object.entries(opGraphs))('reads the nodes of %s', async (_, graph) => {
    const weights = randomWeights(graph);
    await writeOnnx(file, { graph, weights, classes: [], preprocessing: null });
    await strip();
    const read = await readOnnxNetwork(stripped);
    expect(read.exact).toBe(false);
    const batch = randomBatch(graph);
    const expected = evaluate(graph, weights, batch).get(graph.output)!;
    const received = evaluate(read.graph, read.weights, batch).get(read.graph.output)!;
    expect(relativeError(expected.data, received.data)).toBeLessThan(1e-6);
  });

  it('takes the nodes for true where they differ from the metadata', async () => {
    const graph = opGraphs['relu']!;
    const network = { graph, weights: randomWeights(graph), classes: ['a'], preprocessing: null };
    await writeOnnx(file, network);
    const model = await openOnnx(file);
    const sigmoid = await (async () => {
      const other = path.join(folder, 'c.onnx');
      const otherGraph = opGraphs['sigmoid']!;
      await writeOnnx(other, { ...network, graph: otherGraph });
      const opened = await openOnnx(other);
      const { field } = opened.graph.fields.find(({ key }) => key === 1)!;
      await opened.close();
      return field.wire === 'bytes' ? [field.place.bytes!] : [];
    })();
    const changes = { withoutNodes: new Set([1]), nodesAt: new Map([[1, [sigmoid]]]) };
    await writeOnnxFile(stripped, await copyModel(model, changes));
    await model.close();
    const read = await readOnnxNetwork(stripped);
    expect(read).toMatchObject({ exact: false, classes: ['a'] });
    expect(read.graph.nodes.map(({ op }) => op)).toEqual(['input', 'conv2d', 'sigmoid']);
  });

  it.each(['detector', 'strided', 'custom'])(
    'says which node of %s it cannot read',
    async (name) => {
      const reading = readOnnxNetwork(fixture(name));
      if (name !== 'strided') {
        await expect(reading).rejects.toMatchObject({ code: 'RF-ONNX-UNSUPPORTED' });
      } else expect((await reading).notes).toEqual([expect.stringContaining('output1')]);
    },
  );

  it('takes another output, and another size where the file leaves it open', async () => {
    const { graph } = await readOnnxNetwork(fixture('strided'), { output: 'output1' });
    expect(graph.nodes.at(-1)).toMatchObject({ op: 'flatten' });
    const b = new GraphBuilder({ shape: [3, 8, 8], dtype: 'float32' });
    const open = b.build(b.globalAvgPool('pool', b.input));
    await writeOnnx(file, { graph: open, weights: new Map(), classes: [], preprocessing: null });
    expect((await readOnnxNetwork(file)).graph).toEqual(open);
  });
});
