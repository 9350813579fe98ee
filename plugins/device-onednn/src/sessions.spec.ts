import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device, LabelledBatch, TrainingUse } from '@refold/core';
import {
  GraphBuilder,
  initialise,
  sizeOf,
  tensorsOf,
  withLoss,
  withoutLoss,
  type Graph,
} from '@refold/graph';
import { relativeError } from '@refold/testing';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { momentumRule, tinyBatch, tinyNetwork, tinyUse } from './spec-kit/tiny-training.js';

const plain = tinyNetwork((b, x) => b.activation('relu', 'relu', b.batchNorm('bn', x)));

/** A network of three buckets: each of the wide layers fills one. */
function wideNetwork(): Graph {
  const b = new GraphBuilder({ shape: [16], dtype: 'float32' });
  const wide = { outFeatures: 1100, bias: false };
  let x = b.linear('first', b.input, wide);
  for (const name of ['second', 'third'])
    x = b.linear(name, b.activation('relu', `${name}.act`, x), wide);
  const head = b.linear('head', x, { outFeatures: 3 });
  return withLoss(b.build(head), { labelSmoothing: 0, targets: 'index' });
}

function vectorBatch(images: number): LabelledBatch {
  const whole = tinyBatch(1, images);
  return { ...whole, channels: 16, height: 1, width: 1, data: whole.data.subarray(0, images * 16) };
}

function wideUse(graph: Graph): TrainingUse {
  const weights = new Map(
    tensorsOf(graph).map(({ name, shape }) => {
      const data = new Float32Array(sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 1009) / 1009 - 0.5;
      return [name, { shape, data }];
    }),
  );
  const numbers = { batchSize: 4, precision: 'float32', seed: 1 } as const;
  return { kind: 'training', ...numbers, updateRule: momentumRule, weights };
}

/** jest compares a million numbers for seconds. */
function areSame(a: Float32Array, b: Float32Array): boolean {
  return Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer)) === 0;
}

describeBuilt('sessions on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice({ threads: 2 });
  });
  afterAll(() => device.close());

  describe('say what was compiled', () => {
    it('by operation, and where the time goes', async () => {
      const session = await device.load(plain, tinyUse(plain));
      const { compiled } = session;
      const names = compiled!.operations.map(({ name }) => name);
      expect(new Set(names)).toEqual(new Set(['first', 'bn', 'head', ...names]));
      expect(compiled!.arenaBytes).toBeGreaterThan(0);
      expect(compiled!.weightBytes).toBeGreaterThan(0);
      const { regions } = await session.backward(tinyBatch(1));
      expect(regions!.map(({ name }) => name)).toEqual(['first', 'bn', 'flatten', 'head']);
      await session.close();
    });

    it('and who computes', () => {
      expect(device.info).toMatchObject({
        name: 'onednn',
        precisions: ['float32', 'bfloat16', 'int8'],
        threads: 2,
        compiles: true,
        library: expect.stringMatching(/^oneDNN \d+\.\d+\.\d+ \(\w+, 2 threads\)$/),
      });
    });
  });

  describe('gradient buckets', () => {
    it('are several for a large network, and each can be read while backward runs', async () => {
      const graph = wideNetwork();
      const session = await device.load(graph, wideUse(graph));
      expect(session.gradients.map(({ parameters }) => parameters[0]!.name)).toEqual([
        'head.weight',
        'second.weight',
        'first.weight',
      ]);
      const running = session.backward(vectorBatch(4));
      const early = await Promise.all(session.gradients.map((bucket) => bucket.read()));
      await running;
      const late = await Promise.all(session.gradients.map((bucket) => bucket.read()));
      early.forEach((values, i) => expect(areSame(values, late[i]!)).toBe(true));
      await session.close();
    });

    it('that are written while backward runs hold what was written', async () => {
      const graph = wideNetwork();
      const session = await device.load(graph, wideUse(graph));
      const running = session.backward(vectorBatch(4));
      const twos = session.gradients.map(({ length }) => new Float32Array(length).fill(2));
      await Promise.all(session.gradients.map((bucket, i) => bucket.write(twos[i]!)));
      await running;
      for (const [i, bucket] of session.gradients.entries())
        expect(areSame(await bucket.read(), twos[i]!)).toBe(true);
      await session.close();
    });

    it('of another length are refused, and change nothing', async () => {
      const session = await device.load(plain, tinyUse(plain));
      await session.backward(tinyBatch(1));
      const [bucket] = session.gradients;
      const before = await bucket!.read();
      await expect(bucket!.write(new Float32Array(1))).rejects.toMatchObject({
        code: 'RF-DEVICE-TENSOR',
      });
      expect(await bucket!.read()).toEqual(before);
      await session.close();
    });

    it('of parameters that nothing needs are zero', async () => {
      const b = new GraphBuilder({ shape: [2, 6, 5], dtype: 'float32' });
      b.conv2d('dead', b.input, { outChannels: 3, kernel: 3 });
      const head = b.linear('head', b.flatten('flat', b.input), { outFeatures: 3 });
      const graph = withLoss(b.build(head), { labelSmoothing: 0, targets: 'index' });
      const session = await device.load(graph, tinyUse(graph));
      for (let pass = 0; pass < 2; pass++) {
        await session.backward(tinyBatch(1));
        const [bucket] = session.gradients;
        const dead = bucket!.parameters.find(({ name }) => name === 'dead.weight')!;
        const gradients = await bucket!.read();
        const own = gradients.subarray(dead.offset, dead.offset + dead.length);
        expect(new Set(own)).toEqual(new Set([0]));
        await bucket!.write(gradients.fill(3));
        await session.update(0);
      }
      await session.close();
    });
  });

  describe('batches', () => {
    it('of any size are inferred, in parts of the size compiled for', async () => {
      const session = await device.load(plain, tinyUse(plain, { batchSize: 3 }));
      const { images, data } = await session.infer(tinyBatch(4, 8));
      expect([images, data.length]).toEqual([8, 24]);
      const batch = tinyBatch(4, 8);
      const one = { ...batch, images: 1, data: batch.data.subarray(7 * 60) };
      expect(relativeError(data.subarray(21), (await session.infer(one)).data)).toBeLessThan(1e-6);
      await session.close();
    });

    it('may lie in memory that threads share', async () => {
      const session = await device.load(plain, tinyUse(plain));
      const batch = tinyBatch(4);
      const data = new Float32Array(new SharedArrayBuffer(batch.data.byteLength));
      data.set(batch.data);
      const shared = await session.infer({ ...batch, data });
      expect(shared).toEqual(await session.infer(batch));
      await session.close();
    });

    it('of floats are normalised where the network says so', async () => {
      const b = new GraphBuilder({ shape: [2, 6, 5], dtype: 'uint8' });
      const normalization = { mean: [0.4, 0.5], std: [0.2, 0.25] };
      const x = b.node('normalize', 'normalize', [b.input], normalization);
      const graph = b.build(b.linear('head', b.flatten('flat', x), { outFeatures: 3 }));
      const session = await inferOn(graph);
      const bytes = Uint8Array.from({ length: 240 }, (_, i) => (i * 37) % 256);
      for (const layout of ['NCHW', 'NHWC'] as const) {
        const expected = await session.infer({ ...tinyBatch(1), layout, data: bytes });
        const data = Float32Array.from(bytes);
        const { data: received } = await session.infer({ ...tinyBatch(1), layout, data });
        expect(relativeError(received, expected.data)).toBeLessThan(1e-6);
      }
      await session.close();
    });

    it('of bytes are taken by a network that also uses them as they are', async () => {
      const b = new GraphBuilder({ shape: [2, 6, 5], dtype: 'uint8' });
      const half = b.node('normalize', 'normalize', [b.input], { mean: [0, 0], std: [1, 1] });
      const sum = b.add('sum', [half, b.input]);
      const graph = b.build(b.linear('head', b.flatten('flat', sum), { outFeatures: 3 }));
      const session = await inferOn(graph);
      const bytes = Uint8Array.from({ length: 240 }, (_, i) => i);
      const { data } = await session.infer({ ...tinyBatch(1), data: bytes });
      const floats = await session.infer({ ...tinyBatch(1), data: Float32Array.from(bytes) });
      expect(data).toEqual(floats.data);
      await session.close();
    });

    it('of images become vectors in the order of flatten, whatever their layout', async () => {
      const b = new GraphBuilder({ shape: [60], dtype: 'float32' });
      const graph = b.build(b.linear('head', b.input, { outFeatures: 3 }));
      const session = await inferOn(graph);
      const batch = tinyBatch(1, 2);
      const nhwc = new Float32Array(120);
      for (let i = 0; i < 120; i++) {
        const [image, c, pixel] = [Math.floor(i / 60), Math.floor(i / 30) % 2, i % 30];
        nhwc[image * 60 + pixel * 2 + c] = batch.data[i]!;
      }
      const expected = await session.infer(batch);
      expect(await session.infer({ ...batch, layout: 'NHWC', data: nhwc })).toEqual(expected);
      await session.close();
    });

    it('with labels alone are taken by a loss with soft targets', async () => {
      const soft = withLoss(withoutLoss(plain), { labelSmoothing: 0.1, targets: 'soft' });
      const [one, two] = [
        await device.load(soft, tinyUse(soft)),
        await device.load(plain, tinyUse(plain)),
      ];
      const [received, expected] = [
        await one.backward(tinyBatch(3)),
        await two.backward(tinyBatch(3)),
      ];
      expect([received.loss, received.correct]).toEqual([expected.loss, expected.correct]);
      await Promise.all([one.close(), two.close()]);
    });
  });

  describe('state', () => {
    it('is read in the order of a state dict', async () => {
      const session = await device.load(plain, tinyUse(plain));
      expect([...(await session.read()).keys()]).toEqual([
        ...['first.weight', 'first.bias'],
        ...['bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'],
        ...['head.weight', 'head.bias'],
        ...['first.weight', 'first.bias', 'bn.weight', 'bn.bias', 'head.weight', 'head.bias'].map(
          (name) => `optimizer.velocity.${name}`,
        ),
        'optimizer.step',
      ]);
      await session.close();
    });
  });

  function inferOn(graph: Graph) {
    const weights = initialise(graph, 3);
    return device.load(graph, { kind: 'inference', batchSize: 4, precision: 'float32', weights });
  }
});
