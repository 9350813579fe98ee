import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  evaluate,
  GraphBuilder,
  type Graph,
  type NamedTensors,
  type Quantisation,
  type Value,
} from '@refold/graph';
import { readOnnxNetwork } from '../import/read-onnx-network.js';
import { openOnnx } from '../read-model.js';
import { randomBatch, randomWeights } from '../spec-kit/random-network.js';
import { endOnnxRuntime, relativeError, runInOnnxRuntime } from '../spec-kit/run-in-onnxruntime.js';
import { roundHalfEven } from './quantised-values.js';
import { writeOnnx } from './write-onnx.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-onnx-int8-'));
afterAll(async () => {
  await endOnnxRuntime();
  rmSync(folder, { recursive: true });
});
const file = path.join(folder, 'a.onnx');

function network(): Graph {
  const b = new GraphBuilder({ shape: [3, 16, 16], dtype: 'uint8' });
  const block = (name: string, x: Value, outChannels: number, stride = 1) =>
    b.conv2d(name, x, { outChannels, kernel: 3, padding: 1, stride, bias: true });
  const attrs = { mean: [0.5, 0.4, 0.6], std: [0.2, 0.3, 0.25] };
  let x = b.node('normalize', 'normalize', [b.input], attrs);
  x = b.activation('relu', 'stem.act', block('stem.conv', x, 8, 2));
  const y = b.activation('relu6', 'a.act', block('a.conv', x, 8));
  x = b.activation('relu', 'sum.act', b.add('sum', [block('b.conv', y, 8), x]));
  x = b.node('dropout', 'drop', [b.maxPool('pool', x, { kernel: 2 })], { rate: 0.1 });
  x = b.flatten('flat', b.globalAvgPool('gap', x));
  return b.build(b.linear('head.fc', x, { outFeatures: 10 }));
}

/** Ranges of one batch, as a calibration would find them. */
function calibrated(graph: Graph, weights: NamedTensors, dtype: 'uint8' | 'int8'): Quantisation {
  const names = graph.nodes.map(({ name }) => name).filter((name) => name !== 'input');
  const values = evaluate(graph, weights, randomBatch(graph), { outputs: names });
  const [from, to] = dtype === 'uint8' ? [0, 255] : [-128, 127];
  const range = (data: Float64Array) => {
    const [low, high] = [Math.min(0, ...data), Math.max(0, ...data)];
    const scale = (high - low) / 255;
    const zeroPoint = Math.max(from, Math.min(to, Math.round(from - low / scale)));
    return { dtype, scale, zeroPoint };
  };
  const scales = [...weights].flatMap(([name, { shape, data }]) => {
    if (!name.endsWith('.weight')) return [];
    const per = data.length / shape[0]!;
    return [
      [
        name,
        Array.from({ length: shape[0]! }, (_, o) => {
          const row = Array.from(data.subarray(o * per, (o + 1) * per), Math.abs);
          return Math.max(...row) / 127;
        }),
      ],
    ];
  });
  return {
    values: Object.fromEntries(names.map((name) => [name, range(values.get(name)!.data)])),
    weights: Object.fromEntries(scales) as Record<string, number[]>,
  };
}

describe('a quantised network', () => {
  const graph = network();
  const weights = randomWeights(graph, 5);

  it.each(['uint8', 'int8'] as const)(
    'in %s is integer all through in ONNX Runtime, and near the original',
    async (dtype) => {
      const quantisation = calibrated(graph, weights, dtype);
      await writeOnnx(file, { graph, weights, classes: [], preprocessing: null, quantisation });
      const batch = randomBatch(graph);
      const optimised = path.join(folder, 'optimised.onnx');
      const fast = await runInOnnxRuntime(file, batch, 'uint8', {
        optimizedModelFilePath: optimised,
        graphOptimizationLevel: 'extended',
      });
      const plain = await runInOnnxRuntime(file, batch, 'uint8', {
        graphOptimizationLevel: 'disabled',
      });
      const expected = evaluate(graph, weights, batch).get(graph.output)!;
      expect(relativeError(expected.data, plain.data)).toBeLessThan(0.05);
      expect(relativeError(expected.data, fast.data)).toBeLessThan(0.05);

      const model = await openOnnx(optimised);
      const ops = model.graph.nodes.map(({ opType }) => opType);
      await model.close();
      expect(ops.filter((op) => op === 'QLinearConv')).toHaveLength(3);
      expect(ops.filter((op) => op === 'QLinearAdd')).toHaveLength(1);
      expect(ops.filter((op) => op === 'QGemm')).toHaveLength(1);
      expect(ops.filter((op) => op === 'QuantizeLinear')).toHaveLength(1);
      expect(ops).not.toContain('Conv');
      expect(ops).not.toContain('Relu');
    },
  );

  it('comes back with its quantisation and the weights that the stored ones stand for', async () => {
    const quantisation = calibrated(graph, weights, 'uint8');
    await writeOnnx(file, { graph, weights, classes: [], preprocessing: null, quantisation });
    const read = await readOnnxNetwork(file);
    expect(read).toMatchObject({ graph, quantisation, exact: true });
    for (const [name, { data }] of read.weights) {
      const scales = quantisation.weights[name];
      const worst = Math.max(
        ...data.map((value, i) => Math.abs(value - weights.get(name)!.data[i]!)),
      );
      expect(worst).toBeLessThan(scales ? Math.max(...scales) * 0.501 : 1e-3);
    }
  });

  it('keeps in float what is not named', async () => {
    const whole = calibrated(graph, weights, 'uint8');
    const { 'stem.conv.weight': _, ...rest } = whole.weights;
    const quantisation = { values: whole.values, weights: rest };
    await writeOnnx(file, { graph, weights, classes: [], preprocessing: null, quantisation });
    const batch = randomBatch(graph);
    const expected = evaluate(graph, weights, batch).get(graph.output)!;
    const received = await runInOnnxRuntime(file, batch, 'uint8');
    expect(relativeError(expected.data, received.data)).toBeLessThan(0.05);
    expect((await readOnnxNetwork(file)).weights.get('stem.conv.weight')).toEqual(
      weights.get('stem.conv.weight'),
    );
  });
});

it('rounds halves to even numbers', () => {
  const values = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 2.51, -3.2, 7];
  expect(values.map((value) => roundHalfEven(value) + 0)).toEqual([
    ...[0, 2, 2, 0, -2, -2, 0, 3, -3, 7],
  ]);
});
