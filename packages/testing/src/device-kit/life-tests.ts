import { tinyGraph } from '../fakes/tiny-graph.js';
import { expectEqual, expectSameNumbers, expectThat } from '../framework/expectations.js';
import type { DeviceKit } from './device-kit.js';
import { kitBatch, kitWeights, trainOn } from './kit-data.js';

const graph = tinyGraph();

/** What a device says of itself, its replicas, and how it ends. */
export function lifeTests({ test, describe }: DeviceKit): void {
  describe('life', () => {
    test('says what it is', async ({ info }) => {
      expectThat(/^[\w.-]+$/.test(info.name), 'info.name', 'letters, digits, _ . -', info.name);
      expectThat(info.library.length > 0, 'info.library', 'a text', info.library);
      expectThat(info.threads >= 1, 'info.threads', 'at least 1', info.threads);
      expectThat(
        info.precisions.includes('float32'),
        'info.precisions',
        'float32',
        info.precisions,
      );
    });

    test('tells what it compiled, where it says that it compiles', async (device) => {
      if (!device.info.compiles) return;
      const session = await trainOn(device, graph);
      const { operations, flops, bytes } = session.compiled ?? {
        operations: [],
        flops: 0,
        bytes: 0,
      };
      expectThat(operations.length > 0, 'compiled.operations', 'operations', session.compiled);
      expectThat(flops > 0 && bytes > 0, 'compiled', 'flops and bytes', { flops, bytes });
      const { regions } = await session.backward(kitBatch(graph));
      for (const { name, forwardMs, backwardMs } of regions ?? [])
        expectThat(forwardMs >= 0 && backwardMs >= 0, name, 'times of 0 or more', {
          forwardMs,
          backwardMs,
        });
    });

    test('has a replica group that works for one', async ({ group }) => {
      expectThat(
        Number.isInteger(group.rank) && group.rank >= 0 && group.rank < group.size,
        'group.rank',
        `0 to ${group.size - 1}`,
        group.rank,
      );
      if (group.size > 1) return;
      const values = Float64Array.of(1, 2);
      await group.allReduceSum(values);
      await group.broadcast(values, 0);
      await group.barrier();
      expectSameNumbers(values, [1, 2], 'Values of a group of one');
      const gathered = await group.gather(values, 0);
      expectEqual(
        gathered.map((each) => [...each]),
        [[1, 2]],
        'What is gathered',
      );
    });

    test('runs several sessions side by side', async (device) => {
      const one = await trainOn(device, graph);
      const two = await trainOn(device, graph, { weights: kitWeights(graph, 9) });
      const before = await two.read();
      await one.backward(kitBatch(graph));
      await one.update(0.1);
      await one.close();
      const after = await two.read();
      for (const [name, { data }] of before)
        expectSameNumbers(after.get(name)!.data, data, `${name} of the other session`);
      await two.infer(kitBatch(graph));
    });

    test('closes sessions and itself twice without complaint', async (device) => {
      const training = await trainOn(device, graph);
      const inference = await device.load(graph, {
        kind: 'inference',
        precision: 'float32',
        batchSize: 1,
        weights: kitWeights(graph),
      });
      for (const each of [training, inference, device, device, training, inference])
        await each.close();
    });

    test('closes in the middle of a step', async (device) => {
      const session = await trainOn(device, graph);
      await session.backward(kitBatch(graph));
      await device.close();
      await session.close();
    });
  });
}
