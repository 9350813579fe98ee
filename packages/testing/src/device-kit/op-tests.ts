import { evaluate, shapesOf, type NamedTensors, type Graph } from '@refold/graph';
import { expectClose } from '../framework/expectations.js';
import { expectTensorsClose, valuesOf } from './compare-tensors.js';
import type { DeviceKit } from './device-kit.js';
import { gradientsOf, kitBatch, kitWeights, trainOn } from './kit-data.js';
import { opCases } from './op-cases.js';

/** Every op, forward against the graph's own float64 evaluation, backward against the reference's. */
export function opTests({ test, describe, tolerance }: DeviceKit): void {
  describe('every op, forward', () => {
    for (const { title, graph } of opCases)
      test(title, async (device) => {
        const weights = kitWeights(graph);
        const batch = kitBatch(graph);
        const session = await device.load(graph, {
          kind: 'inference',
          precision: 'float32',
          batchSize: 3,
          weights,
        });
        const logits = await session.infer(batch);
        await session.close();
        const expected = outputOf(graph, weights, batch.data as Float32Array);
        expectClose(logits.data, expected, tolerance.inference, 'Output');
      });
  });

  describe('every op, gradients and statistics', () => {
    for (const { title, graph } of opCases)
      test(title, async (device, reference) => {
        const [session, truth] = [await trainOn(device, graph), await trainOn(reference, graph)];
        const batch = kitBatch(graph);
        const [received, expected] = [await session.backward(batch), await truth.backward(batch)];
        expectClose([received.loss], [expected.loss], tolerance.training, 'Loss');
        expectTensorsClose(
          await gradientsOf(session),
          await gradientsOf(truth),
          tolerance.training,
          'Gradient',
        );
        await session.update(0.1);
        await truth.update(0.1);
        expectTensorsClose(
          valuesOf(await session.read()),
          valuesOf(await truth.read()),
          tolerance.training,
          'Value after an update',
        );
        await session.close();
      });
  });
}

/** Output of a graph in float64. @param data NCHW */
export function outputOf(
  graph: Graph,
  weights: NamedTensors,
  data: Float32Array | Float64Array,
): Float64Array {
  const sample = shapesOf(graph).get('input')!;
  const images = data.length / sample.reduce((a, b) => a * b, 1);
  return evaluate(graph, weights, { shape: [images, ...sample], data }).get(graph.output)!.data;
}
