import { UPDATE_COUNT_NAME, initialise, slotTensorName, tensorsOf } from '@refold/graph';
import { tinyGraph } from '../fakes/tiny-graph.js';
import { expectCode, expectEqual, expectSameNumbers } from '../framework/expectations.js';
import { expectTensorsSame } from './compare-tensors.js';
import type { DeviceKit } from './device-kit.js';
import { kitBatch, kitWeights, trainOn } from './kit-data.js';
import { kitRules } from './kit-rules.js';
import { trainSteps } from './training-tests.js';

const graph = tinyGraph();
const rule = kitRules[1]!;

/** Reading, writing, resuming: what a session holds is exactly what it was given. */
export function stateTests({ test, describe }: DeviceKit): void {
  describe('state', () => {
    test('reads the weights it was loaded with, bit by bit, in copies', async (device) => {
      const weights = kitWeights(graph);
      const session = await trainOn(device, graph, { weights });
      for (const { data } of weights.values()) data.fill(7);
      for (const { data } of (await session.read()).values()) data.fill(8);
      const read = await session.read();
      for (const [name, { shape, data }] of kitWeights(graph)) {
        expectEqual(read.get(name)?.shape, shape, `Shape of ${name}`);
        expectSameNumbers(read.get(name)!.data, data, name);
      }
    });

    test('reads slots and the number of updates, and nothing more', async (device) => {
      const session = await trainOn(device, graph, { rule });
      const slots = tensorsOf(graph)
        .filter(({ kind }) => kind === 'parameter')
        .flatMap(({ name }) => rule.slots.map((slot) => slotTensorName(slot.name, name)));
      const expected = [UPDATE_COUNT_NAME, ...tensorsOf(graph).map(({ name }) => name), ...slots];
      expectEqual([...(await session.read()).keys()].toSorted(), expected.toSorted(), 'Names');
      await trainSteps(session, 2);
      const count = (await session.read()).get(UPDATE_COUNT_NAME);
      expectEqual([count?.shape, [...(count?.data ?? [])]], [[], [2]], UPDATE_COUNT_NAME);
    });

    test('reads back what was written, bit by bit', async (device) => {
      const session = await trainOn(device, graph, { rule });
      const other = new Map(await session.read());
      for (const [name, { shape, data }] of other)
        if (name !== UPDATE_COUNT_NAME)
          other.set(name, { shape, data: data.map((_, i) => Math.fround(Math.sin(i + 1) ** 2)) });
      await session.write(other);
      expectTensorsSame(await session.read(), other, 'What was written');
    });

    test('writes some tensors and leaves the others', async (device) => {
      const session = await trainOn(device, graph);
      const before = await session.read();
      const name = 'block.conv_kxk.bn.running_mean';
      const shape = before.get(name)!.shape;
      const data = new Float32Array(shape[0]!).fill(0.25);
      await session.write(new Map([[name, { shape, data }]]));
      expectTensorsSame(
        await session.read(),
        new Map([...before, [name, { shape, data }]]),
        'After writing one tensor',
      );
    });

    test('refuses unknown tensors and other shapes, and then has changed nothing', async (device) => {
      const session = await trainOn(device, graph);
      const before = await session.read();
      const good = before.get('head.fc.bias')!;
      const zeros = { shape: good.shape, data: new Float32Array(good.data.length) };
      const bad = [
        ['no.such.tensor', zeros],
        ['head.fc.weight', zeros],
      ] as const;
      for (const entry of bad)
        await expectCode(
          session.write(new Map([['head.fc.bias', zeros], entry])),
          'RF-DEVICE-TENSOR',
          `Error for writing '${entry[0]}' of shape [${String(zeros.shape)}]`,
        );
      expectTensorsSame(await session.read(), before, 'After refused writes');
    });

    test('goes on exactly from a state that was read', async (device) => {
      const whole = await trainOn(device, graph, { rule });
      await trainSteps(whole, 2);
      const state = await whole.read();
      await trainSteps(whole, 2, 2);

      const resumed = await trainOn(device, graph, { rule, weights: initialise(graph, 99) });
      await resumed.write(state);
      await trainSteps(resumed, 2, 2);
      expectTensorsSame(await resumed.read(), await whole.read(), 'The resumed run');
    });

    test('infers with running statistics, and changes nothing by it', async (device) => {
      const session = await trainOn(device, graph);
      await trainSteps(session, 1);
      const before = await session.read();
      const batch = kitBatch(graph);
      const first = await session.infer(batch);
      const again = await session.infer(batch);
      expectSameNumbers(again.data, first.data, 'Logits of the second call');
      expectTensorsSame(await session.read(), before, 'After infer');
    });

    test('backward changes no parameter before the update', async (device) => {
      const session = await trainOn(device, graph);
      const before = await session.read();
      await session.backward(kitBatch(graph));
      const after = await session.read();
      for (const { name, kind } of tensorsOf(graph))
        if (kind === 'parameter')
          expectSameNumbers(after.get(name)!.data, before.get(name)!.data, name);
    });
  });
}
