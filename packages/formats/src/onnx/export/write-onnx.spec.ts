import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { evaluate } from '@refold/graph';
import { opGraphs } from '../spec-kit/op-graphs.js';
import { randomBatch, randomWeights } from '../spec-kit/random-network.js';
import { endOnnxRuntime, relativeError, runInOnnxRuntime } from '../spec-kit/run-in-onnxruntime.js';
import { writeOnnx } from './write-onnx.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-onnx-'));
afterAll(async () => {
  await endOnnxRuntime();
  rmSync(folder, { recursive: true });
});
const file = path.join(folder, 'a.onnx');

describe('writeOnnx', () => {
  it.each(Object.entries(opGraphs))('%s is in ONNX Runtime what it is here', async (_, graph) => {
    const weights = randomWeights(graph);
    await writeOnnx(file, { graph, weights, classes: [], preprocessing: null });
    const batch = randomBatch(graph);
    const bytes = graph.nodes.some(({ op }) => op === 'normalize');
    const received = await runInOnnxRuntime(file, batch, bytes ? 'uint8' : 'float32');
    const expected = evaluate(graph, weights, batch).get(graph.output)!;
    expect(received.shape).toEqual(expected.shape);
    expect(relativeError(expected.data, received.data)).toBeLessThan(1e-5);
  });

  it('gives the same bytes for the same content', async () => {
    const graph = opGraphs['normalize']!;
    const network = { graph, weights: randomWeights(graph), classes: ['é'], preprocessing: null };
    await writeOnnx(file, network);
    const first = readFileSync(file);
    await writeOnnx(file, network);
    expect(first.equals(readFileSync(file))).toBe(true);
  });
});
