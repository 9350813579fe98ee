import * as framework from '@jest/globals';
import type { Device, LabelledBatch, TrainingSession, TrainingUse } from '@refold/core';
import {
  initialise,
  parametersOf,
  UPDATE_COUNT_NAME,
  withLoss,
  type NamedTensors,
} from '@refold/graph';
import { describeDevice, fakeDevice, relativeError, tinyGraph } from '@refold/testing';
import { distributedDevice, type DistributedOptions } from './distributed-device.js';
import { threadGroup } from './spec-kit/thread-group.js';
import { momentum } from './spec-kit/momentum.js';

const { describe, expect, it } = framework;
const graph = withLoss(tinyGraph(), { labelSmoothing: 0.1, targets: 'index' });
const options: DistributedOptions = { syncBatchNorm: false, compression: 'none' };

function useOf(more: Partial<TrainingUse> = {}): TrainingUse {
  return {
    ...{ kind: 'training', batchSize: 4, precision: 'float32', seed: 1, updateRule: momentum },
    ...{ weights: initialise(graph, 7), ...more },
  };
}

function batchOf(seed: number): LabelledBatch {
  const data = Float32Array.from({ length: 4 * 36 }, (_, i) => Math.sin(seed * 100 + i * i));
  return {
    ...{ images: 4, channels: 1, height: 6, width: 6, layout: 'NCHW', data },
    ...{ labels: Int32Array.of(0, 1, 2, seed % 3), samples: Int32Array.of(0, 1, 2, 3) },
  };
}

const devicesOf = (size: number, shares = false): readonly Device[] =>
  threadGroup(size, { shares }).map((group) => distributedDevice(fakeDevice(), group, options));

const together = <T, R>(all: readonly T[], act: (one: T, rank: number) => Promise<R>) =>
  Promise.all(all.map(act));

/** Mean of several gradients, as one device computes them. */
async function meanGradients(sessions: readonly TrainingSession[]) {
  const flat = await together(sessions, (session) =>
    together(session.gradients, (bucket) => bucket.read()),
  );
  return flat[0]!.map((first, b) =>
    first.map((_, i) => flat.reduce((sum, each) => sum + each[b]![i]!, 0) / flat.length),
  );
}

describe('the distributed device', () => {
  const memories = [
    ['their own memory', false],
    ['memory that they share', true],
  ] as const;

  it.each(memories)('averages the gradients of all replicas in %s', async (_title, shares) => {
    const alone = await together([1, 2, 3], () => fakeDevice().load(graph, useOf()));
    await together(alone, (session, rank) => session.backward(batchOf(rank)));
    const expected = await meanGradients(alone);

    const sessions = await together(devicesOf(3, shares), (device) => device.load(graph, useOf()));
    await together(sessions, (session, rank) => session.backward(batchOf(rank)));
    for (const session of sessions) {
      const own = await together(session.gradients, (bucket) => bucket.read());
      own.forEach((values, b) => expect(relativeError(values, expected[b]!)).toBeLessThan(1e-6));
    }
    await together(sessions, (session) => session.update(0.1));
    const [first, ...others] = await together(sessions, (session) => session.read());
    for (const other of others) expect(parametersIn(other)).toEqual(parametersIn(first!));
  });

  it('tells every rank what all saw', async () => {
    const alone = await together([1, 2], () => fakeDevice().load(graph, useOf()));
    const own = await together(alone, (session, rank) => session.backward(batchOf(rank)));
    const sessions = await together(devicesOf(2), (device) => device.load(graph, useOf()));
    const all = await together(sessions, (session, rank) => session.backward(batchOf(rank)));
    for (const { loss, images, correct } of all) {
      expect(loss).toBeCloseTo((own[0]!.loss + own[1]!.loss) / 2, 10);
      expect({ images, correct }).toEqual({
        images: 8,
        correct: own[0]!.correct + own[1]!.correct,
      });
    }
  });

  it.each(memories)('exchanges gradients once for several passes in %s', async (_title, shares) => {
    const alone = await together([1, 2], () => fakeDevice().load(graph, useOf()));
    const sessions = await together(devicesOf(2, shares), (device) =>
      device.load(graph, useOf({ accumulate: 2 })),
    );
    for (const [i, one] of alone.entries())
      for (const pass of [0, 1]) await one.backward(batchOf(10 * i + pass));
    const expected = await meanGradients(alone);
    for (const pass of [0, 1])
      await together(sessions, (session, rank) => session.backward(batchOf(10 * rank + pass)));
    for (const session of sessions) {
      const own = await together(session.gradients, (bucket) => bucket.read());
      own.forEach((values, b) => expect(relativeError(values, expected[b]!)).toBeLessThan(1e-6));
    }
  });

  it('begins with the weights of rank 0', async () => {
    const sessions = await together(devicesOf(2), (device, rank) =>
      device.load(graph, useOf({ weights: initialise(graph, 7 + rank) })),
    );
    const [first, second] = await together(sessions, (session) => session.read());
    expect(second).toEqual(first);
    expect(first!.get('head.fc.weight')).toEqual(initialise(graph, 7).get('head.fc.weight'));
  });

  it('averages running statistics before they are used', async () => {
    const alone = await together([1, 2], () => fakeDevice().load(graph, useOf()));
    await together(alone, (session, rank) => session.backward(batchOf(rank)));
    const [a, b] = await together(alone, (session) => session.read());
    const sessions = await together(devicesOf(2), (device) => device.load(graph, useOf()));
    await together(sessions, (session, rank) => session.backward(batchOf(rank)));
    await together(sessions, (session) => session.settle!());
    const [first, second] = await together(sessions, (session) => session.read());
    expect(second).toEqual(first);
    const name = 'block.conv_kxk.bn.running_mean';
    const mean = a!.get(name)!.data.map((value, i) => (value + b!.get(name)!.data[i]!) / 2);
    expect(relativeError(first!.get(name)!.data, mean)).toBeLessThan(1e-6);
  });
});

const parametersIn = (tensors: NamedTensors) =>
  [UPDATE_COUNT_NAME, ...parametersOf(graph).map(({ name }) => name)].map((name) =>
    tensors.get(name),
  );

describeDevice('distributed, alone', () => devicesOf(1)[0]!, { framework });
