import type { TrainingSession } from '@refold/core';
import { GraphBuilder, parametersOf, type Graph } from '@refold/graph';
import { tinyGraph } from '../fakes/tiny-graph.js';
import { expectClose, expectEqual, expectThat } from '../framework/expectations.js';
import { expectTensorsClose, expectTensorsSame, valuesOf } from './compare-tensors.js';
import type { DeviceKit } from './device-kit.js';
import { gradientsOf, kitBatch, trainOn, twice } from './kit-data.js';
import { kitRules } from './kit-rules.js';

const graph = tinyGraph();
/** Floats on both sides of memory that is lent, and their value: odd, so that the memory is at no round address. */
const GUARD = 7;

/** The tiny network with a BN before its classifier, as RepViT has one. */
function vectorGraph(): Graph {
  const b = new GraphBuilder({ shape: [1, 6, 6], dtype: 'float32' });
  const conv = b.conv2d('conv', b.input, { outChannels: 4, kernel: 3, stride: 2, bias: true });
  const pooled = b.flatten('flatten', b.globalAvgPool('pool', b.activation('relu', 'act', conv)));
  return b.build(b.linear('head.l', b.batchNorm('head.bn', pooled), { outFeatures: 3 }));
}

/** Steps, losses, rules, accumulation and gradient buckets, against the reference. */
export function trainingTests({ test, describe, tolerance }: DeviceKit): void {
  describe('training', () => {
    for (const rule of kitRules)
      test(`three steps by the rule '${rule.name}'`, async (device, reference) => {
        const session = await trainOn(device, graph, { rule });
        const truth = await trainOn(reference, graph, { rule });
        await trainSteps(session, 3);
        await trainSteps(truth, 3);
        expectTensorsClose(
          valuesOf(await session.read()),
          valuesOf(await truth.read()),
          tolerance.training,
          'Value after three steps',
        );
        const batch = kitBatch(graph, { seed: 20 });
        const [received, expected] = [await session.infer(batch), await truth.infer(batch)];
        expectClose(received.data, expected.data, tolerance.training, 'Logits after three steps');
      });

    for (const soft of [false, true])
      for (const labelSmoothing of [0, 0.1])
        test(`loss of ${soft ? 'soft targets' : 'labels'}, smoothing ${labelSmoothing}`, async (device, reference) => {
          const loss = { labelSmoothing, targets: soft ? 'soft' : 'index' } as const;
          const session = await trainOn(device, graph, { loss });
          const truth = await trainOn(reference, graph, { loss });
          const batch = kitBatch(graph, { soft });
          const [received, expected] = [await session.backward(batch), await truth.backward(batch)];
          expectClose([received.loss], [expected.loss], tolerance.training, 'Loss');
          expectEqual(received.correct, expected.correct, 'correct');
          expectTensorsClose(
            await gradientsOf(session),
            await gradientsOf(truth),
            tolerance.training,
            'Gradient',
          );
        });

    test('an update after two backward passes uses the mean of their gradients', async (device, reference) => {
      const [session, truth] = [await trainOn(device, graph), await trainOn(reference, graph)];
      for (const each of [session, truth])
        for (const count of [2, 1]) {
          for (let pass = 0; pass < count; pass++)
            await each.backward(kitBatch(graph, { seed: 30 + pass }));
          await each.update(0.2);
        }
      expectTensorsClose(
        valuesOf(await session.read()),
        valuesOf(await truth.read()),
        tolerance.training,
        'Value after accumulating',
      );
    });

    test('the same steps again give the same bits', async (device) => {
      const [one, two] = [await trainOn(device, graph), await trainOn(device, graph)];
      await trainSteps(one, 3);
      await trainSteps(two, 3);
      expectTensorsSame(await two.read(), await one.read(), 'The second run');
    });

    test('the buckets hold every parameter once', async (device) => {
      const { gradients } = await trainOn(device, graph);
      const expected = parametersOf(graph).map(({ name }) => name);
      const names = gradients.flatMap(({ parameters }) => parameters.map(({ name }) => name));
      expectEqual(names.toSorted(), expected.toSorted(), 'Names in the buckets');
      for (const { parameters, length } of gradients) {
        let end = 0;
        for (const place of parameters.toSorted((a, b) => a.offset - b.offset)) {
          expectThat(
            place.offset >= end,
            `Offset of ${place.name}`,
            `at least ${end}`,
            place.offset,
          );
          end = place.offset + place.length;
        }
        expectThat(end <= length, 'End of the last parameter', `at most ${length}`, end);
      }
    });

    test('gradients that are read and written back change nothing', async (device) => {
      const [plain, touched] = [await trainOn(device, graph), await trainOn(device, graph)];
      for (const session of [plain, touched]) await session.backward(kitBatch(graph));
      for (const bucket of touched.gradients) await bucket.write(await bucket.read());
      for (const session of [plain, touched]) await session.update(0.1);
      expectTensorsSame(await touched.read(), await plain.read(), 'After writing gradients back');
    });

    for (const [what, network] of [
      ['images', graph],
      ['vectors', vectorGraph()],
    ] as const)
      test(`batch norms of ${what} share their statistics with other replicas`, async (device) => {
        let sums = 0;
        // The other replica has the same images.
        const sum = (values: Float64Array): void => {
          sums++;
          values.forEach((value, i) => (values[i] = 2 * value));
        };
        const batch = kitBatch(network);
        const one = await trainOn(device, network, { statistics: { size: 2, sum } });
        const both = await trainOn(device, network, { batchSize: 6 });
        const [{ loss }, { loss: expected }] = [
          await one.backward(batch),
          await both.backward(twice(batch)),
        ];
        expectThat(sums > 0, 'sums over the replicas', 'some', sums);
        expectClose([loss], [expected], 1e-5, 'loss');
        const gradients = await gradientsOf(both);
        for (const [name, values] of await gradientsOf(one))
          // The 1×1 branch has one input channel: its gradient is zero but for eps.
          expectClose(values, gradients.get(name)!, 1e-4, `gradient of ${name}`, 0.01);
        const state = await both.read();
        for (const [name, { data }] of await one.read())
          if (name.includes('running')) expectClose(data, state.get(name)!.data, 1e-5, name);
      });

    test('gradients are read into an array that is given', async (device) => {
      const session = await trainOn(device, graph);
      await session.backward(kitBatch(graph));
      for (const bucket of session.gradients) {
        const expected = await bucket.read();
        const own = new Float32Array(bucket.length).fill(7);
        expectThat(
          (await bucket.read(own)) === own,
          'read(into)',
          'the array given',
          'another one',
        );
        expectClose(own, expected, 0, 'gradients in a given array');
      }
    });

    test('gradients lie in memory that is lent, where the device asks for it', async (device) => {
      let lent: Float32Array | undefined;
      let guards: Float32Array | undefined;
      const gradientMemory = (floats: number) => {
        const all = new Float32Array(floats + 2 * GUARD).fill(GUARD);
        guards = all;
        return Promise.resolve((lent = all.subarray(GUARD, GUARD + floats)));
      };
      const [own, session] = [
        await trainOn(device, graph),
        await trainOn(device, graph, { gradientMemory }),
      ];
      for (const each of [own, session])
        for (const count of [1, 2]) {
          for (let pass = 0; pass < count; pass++)
            await each.backward(kitBatch(graph, { seed: 40 + pass }));
          if (each === session && lent) await expectWithin(session, lent);
          await each.update(0.2);
        }
      expectTensorsSame(await session.read(), await own.read(), 'With lent memory');
      await session.close();
      if (!lent || !guards) return;
      const outside = [...guards.subarray(0, GUARD), ...guards.subarray(-GUARD)];
      expectThat(
        outside.every((value) => value === GUARD),
        'memory beside',
        'untouched',
        outside,
      );
    });

    test('gradients that are written are the ones that the update uses', async (device) => {
      const session = await trainOn(device, graph);
      const before = await session.read();
      await session.backward(kitBatch(graph));
      for (const bucket of session.gradients)
        await bucket.write(new Float32Array(bucket.length).fill(2));
      await session.update(0.5);
      const after = await session.read();
      for (const { name } of parametersOf(graph))
        expectClose(
          after.get(name)!.data,
          before.get(name)!.data.map((value) => value - 1),
          1e-5,
          `${name} after a gradient of 2 at rate 0.5`,
        );
    });

    test('sums that are written are divided by their count', async (device) => {
      const session = await trainOn(device, graph);
      const before = await session.read();
      await session.backward(kitBatch(graph));
      for (const bucket of session.gradients)
        await bucket.write(new Float32Array(bucket.length).fill(6), 3);
      await session.update(0.5);
      const after = await session.read();
      for (const { name } of parametersOf(graph))
        expectClose(
          after.get(name)!.data,
          before.get(name)!.data.map((value) => value - 1),
          1e-5,
          `${name} after three gradients of 2 at rate 0.5`,
        );
    });
  });
}

/** Buckets that are borrowed follow each other in the memory. */
async function expectWithin({ gradients }: TrainingSession, memory: Float32Array): Promise<void> {
  let end = memory.byteOffset;
  for (const bucket of gradients) {
    const { values } = await bucket.borrow!();
    expectThat(values.buffer === memory.buffer, 'memory of a bucket', 'the lent one', 'another');
    expectThat(values.byteOffset >= end, 'its place', `at least ${end}`, values.byteOffset);
    end = values.byteOffset + values.byteLength;
  }
  const most = memory.byteOffset + memory.byteLength;
  expectThat(end <= most, 'its end', `at most ${most}`, end);
}

/** Steps with a batch of their own each, by falling rates. */
export async function trainSteps(session: TrainingSession, steps: number, from = 0): Promise<void> {
  for (let step = from; step < from + steps; step++) {
    await session.backward(kitBatch(graph, { seed: 10 + step }));
    await session.update(0.1 / (step + 1));
  }
}
