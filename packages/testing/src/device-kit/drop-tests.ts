import { GraphBuilder, type Graph } from '@refold/graph';
import { expectClose, expectEqual, expectThat } from '../framework/expectations.js';
import { expectTensorsSame } from './compare-tensors.js';
import type { DeviceKit } from './device-kit.js';
import { kitBatch, kitWeights, trainOn } from './kit-data.js';
import { outputOf } from './op-tests.js';

const passes = 40;

/** Drop-out: what is dropped, how the rest grows, and that the seed decides. */
export function dropTests({ test, describe, tolerance }: DeviceKit): void {
  describe('drop-out', () => {
    for (const op of ['dropout', 'drop_path'] as const) {
      test(`${op}: a value is dropped or divided by what is left`, async (device) => {
        // One number per image: the loss tells whether it was dropped.
        const graph = dropGraph(op, 1);
        const batch = kitBatch(graph, { images: 1 });
        const classes = 3;
        const weights = kitWeights(graph);
        const session = await trainOn(device, graph, { batchSize: 1, weights });
        const kept = lossOf(graph, batch.data, 1 / (1 - rate), batch.labels[0]!);
        let dropped = 0;
        for (let pass = 0; pass < passes; pass++) {
          const { loss } = await session.backward(batch);
          const isDropped = Math.abs(loss - Math.log(classes)) < Math.abs(loss - kept);
          if (isDropped) dropped++;
          expectClose([loss], [isDropped ? Math.log(classes) : kept], tolerance.training, 'Loss');
        }
        // Fewer or more have a probability below 1e-9.
        expectThat(
          dropped >= 2 && dropped <= passes - 2,
          `Dropped of ${passes}`,
          'about a half',
          dropped,
        );
      });

      test(`${op}: the seed decides, in each update anew`, async (device) => {
        const graph = dropGraph(op, 8);
        const batch = kitBatch(graph, { images: 3 });
        const losses = async (seed: number) => {
          const session = await trainOn(device, graph, { seed });
          const results: number[] = [];
          for (let step = 0; step < 6; step++) {
            results.push((await session.backward(batch)).loss);
            await session.update(0);
          }
          return results;
        };
        const first = await losses(5);
        expectEqual(await losses(5), first, 'Losses with the same seed');
        const other = await losses(6);
        expectThat(String(other) !== String(first), 'Losses with another seed', 'others', other);
        expectThat(new Set(first).size > 1, 'Losses of six updates', 'not all the same', first);
      });

      test(`${op}: does nothing in inference`, async (device) => {
        const graph = dropGraph(op, 8);
        const batch = kitBatch(graph);
        const session = await trainOn(device, graph);
        const expected = outputOf(graph, kitWeights(graph), batch.data as Float32Array);
        expectClose((await session.infer(batch)).data, expected, tolerance.inference, 'Logits');
      });

      test(`${op}: a resumed run drops as the uninterrupted one`, async (device) => {
        const graph = dropGraph(op, 8);
        const step = async (session: Awaited<ReturnType<typeof trainOn>>) => {
          await session.backward(kitBatch(graph));
          await session.update(0.1);
        };
        const whole = await trainOn(device, graph);
        await step(whole);
        await step(whole);
        const state = await whole.read();
        const resumed = await trainOn(device, graph);
        await resumed.write(state);
        for (const session of [whole, resumed]) {
          await step(session);
          await step(session);
        }
        expectTensorsSame(await resumed.read(), await whole.read(), 'The resumed run');
      });
    }
  });
}

const rate = 0.5;

/** One pixel of `channels` channels → drop → linear layer without bias, three classes. */
function dropGraph(op: 'dropout' | 'drop_path', channels: number): Graph {
  const b = new GraphBuilder({ shape: [channels, 1, 1], dtype: 'float32' });
  const dropped = b.node(op, 'drop', [b.input], { rate });
  const vector = b.flatten('flatten', dropped);
  return b.build(b.linear('fc', vector, { outFeatures: 3, bias: false }));
}

/** Cross-entropy of one image whose values were multiplied by `factor`. */
function lossOf(graph: Graph, data: ArrayLike<number>, factor: number, label: number): number {
  const scaled = Float64Array.from(data, (value) => value * factor);
  const logits = outputOf(graph, kitWeights(graph), scaled);
  const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
  return Math.log(sum) - logits[label]!;
}
