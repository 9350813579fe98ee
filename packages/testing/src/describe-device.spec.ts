import { describe, expect, it } from '@jest/globals';
import type { Device, TrainingSession } from '@refold/core';
import type { Graph } from '@refold/graph';
import { describeDevice } from './describe-device.js';
import { fakeDevice } from './fakes/fake-device.js';
import { failuresOf } from './spec-kit/failures-of.js';

describeDevice('fakeDevice', () => fakeDevice({ compiles: true }));

/** fakeDevice with its training sessions changed. */
function broken(change: (session: TrainingSession, graph: Graph) => Partial<TrainingSession>) {
  return (): Device => {
    const inner = fakeDevice();
    return {
      ...inner,
      async load(graph: Graph, use: never) {
        const session = (await inner.load(graph, use)) as TrainingSession;
        const { backward, update, read, write, infer, close, gradients } = session;
        const whole = { backward, update, read, write, infer, close, gradients };
        return { ...whole, ...change(whole, graph) };
      },
    };
  };
}

const faults: readonly (readonly [string, () => Device, string])[] = [
  [
    'no weight decay, no momentum: a rate of its own',
    broken((session) => ({ update: (rate) => session.update(rate * 1.01) })),
    'three steps by the rule',
  ],
  [
    'a loss summed instead of averaged',
    broken((session) => ({
      async backward(batch) {
        const outcome = await session.backward(batch);
        return { ...outcome, loss: outcome.loss * batch.images };
      },
    })),
    'Loss: off by',
  ],
  [
    'weights that lose digits',
    broken((session) => ({
      read: async () =>
        new Map(
          [...(await session.read())].map(([name, { shape, data }]) => [
            name,
            { shape, data: data.map((value) => Math.round(value * 2 ** 12) / 2 ** 12) },
          ]),
        ),
    })),
    'reads the weights it was loaded with, bit by bit',
  ],
  [
    'unknown tensors that are ignored',
    broken((session) => ({
      write: (tensors) => session.write(tensors).catch(() => undefined),
    })),
    'RF-DEVICE-TENSOR',
  ],
  [
    'inference that learns',
    broken((session) => ({
      async infer(batch) {
        await session.update(0.1);
        return session.infer(batch);
      },
    })),
    'infers with running statistics, and changes nothing by it',
  ],
  [
    'a compiler that does not tell',
    () => {
      const { info, ...rest } = fakeDevice();
      return { ...rest, info: { ...info, compiles: true } };
    },
    'tells what it compiled',
  ],
  [
    'a missing bucket',
    broken((session) => ({ gradients: session.gradients.slice(1) })),
    'the buckets hold every parameter once',
  ],
  [
    'a batch that counts twice',
    broken((session) => ({
      async backward(batch) {
        await session.backward(batch);
        return session.backward(batch);
      },
    })),
    'every op, gradients and statistics › batch_norm',
  ],
];

describe('describeDevice', () => {
  it.each(faults)('catches %s', async (_fault, make, symptom) => {
    const failures = await failuresOf((framework) => describeDevice('broken', make, { framework }));
    expect(failures.join('\n')).toContain(symptom);
    expect(failures.join('\n')).toMatch(/Expected .*\nReceived /);
  });
});
