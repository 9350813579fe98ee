import type { Device, InferenceSession } from '@refold/core';
import type { Graph } from '@refold/graph';
import { tinyGraph } from '../fakes/tiny-graph.js';
import {
  expectClose,
  expectEqual,
  expectSameNumbers,
  expectThat,
} from '../framework/expectations.js';
import type { DeviceKit } from './device-kit.js';
import { kitBatch, kitWeights, trainOn } from './kit-data.js';
import { outputOf } from './op-tests.js';

const sample = { channels: 3, height: 7, width: 5 };
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };

/** Images as they come: bytes or floats, in either layout, full batches and smaller ones. */
export function batchTests({ test, describe, tolerance }: DeviceKit): void {
  describe('batches', () => {
    for (const bytes of [true, false])
      for (const layout of ['NHWC', 'NCHW'] as const)
        test(`takes ${bytes ? 'bytes' : 'floats'} in ${layout}, full and smaller batches`, async (device) => {
          const graph = tinyGraph({ sample, ...(bytes ? { normalization } : {}) });
          const session = await inferOn(device, graph);
          for (const images of [4, 1, 3]) {
            const logits = await session.infer(kitBatch(graph, { images, layout, bytes }));
            const nchw = kitBatch(graph, { images, bytes });
            const expected = outputOf(graph, kitWeights(graph), Float64Array.from(nchw.data));
            expectEqual([logits.images, logits.classes], [images, 3], 'images and classes');
            expectClose(logits.data, expected, tolerance.inference, `Logits of ${images} image(s)`);
          }
        });

    test('answers for each image the same, whatever its neighbours', async (device) => {
      const graph = tinyGraph({ sample });
      const session = await inferOn(device, graph);
      const { data } = await session.infer(kitBatch(graph, { images: 4 }));
      const whole = kitBatch(graph, { images: 4 });
      const size = whole.data.length / 4;
      for (let n = 0; n < 4; n++) {
        const image = whole.data.slice(n * size, (n + 1) * size);
        const alone = await session.infer({ ...whole, images: 1, data: image });
        expectClose(alone.data, data.slice(3 * n, 3 * n + 3), tolerance.inference, `Image ${n}`);
      }
    });

    test('keeps no image after a promise resolves, and gives logits away', async (device) => {
      const graph = tinyGraph({ sample });
      const session = await inferOn(device, graph);
      const batch = kitBatch(graph);
      const first = await session.infer(batch);
      const kept = first.data.slice();
      first.data.fill(0);
      batch.data.fill(0);
      const second = await session.infer(kitBatch(graph));
      expectSameNumbers(second.data, kept, 'Logits of the same images');
    });

    test('in training: reads a batch before the promise resolves', async (device) => {
      const graph = tinyGraph({ sample });
      const [one, two] = [await trainOn(device, graph), await trainOn(device, graph)];
      const batch = kitBatch(graph);
      await one.backward(batch);
      await two.backward(kitBatch(graph));
      batch.data.fill(9);
      batch.labels.fill(0);
      await one.update(0.1);
      await two.update(0.1);
      const [a, b] = [await one.read(), await two.read()];
      for (const [name, { data }] of b) expectSameNumbers(a.get(name)!.data, data, name);
    });

    test('in training: takes smaller batches, and counts images and right answers', async (device, reference) => {
      const graph = tinyGraph({ sample, normalization });
      const [session, truth] = [await trainOn(device, graph), await trainOn(reference, graph)];
      for (const images of [3, 2]) {
        const batch = kitBatch(graph, { images, bytes: true, layout: 'NHWC' });
        const [received, expected] = [await session.backward(batch), await truth.backward(batch)];
        expectEqual(received.images, images, 'images');
        expectEqual(received.correct, expected.correct, 'correct');
        expectClose([received.loss], [expected.loss], tolerance.training, 'Loss');
        for (const time of [received.forwardMs, received.backwardMs])
          expectThat(time >= 0, 'forwardMs and backwardMs', 'not negative', time);
      }
    });
  });
}

function inferOn(device: Device, graph: Graph): Promise<InferenceSession> {
  return device.load(graph, {
    kind: 'inference',
    precision: 'float32',
    batchSize: 4,
    weights: kitWeights(graph),
  });
}
