import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device, LabelledBatch, TrainingSession } from '@refold/core';
import {
  expr,
  initialise,
  slotTensorName,
  UPDATE_COUNT_NAME,
  withLoss,
  type Graph,
  type NamedTensors,
  type UpdateRule,
} from '@refold/graph';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { tinyBatch, tinyNetwork, tinyUse } from './spec-kit/tiny-training.js';

/** Every kind of tensor that a session owns: weights, statistics, slots, masks. */
const network = tinyNetwork((b, x) => {
  const main = b.conv2d('conv', b.activation('relu', 'relu', b.batchNorm('bn', x)), {
    outChannels: 4,
    kernel: 3,
    padding: 1,
    groups: 2,
  });
  const dropped = b.node('drop_path', 'path', [main], { rate: 0.3 });
  const sum = b.add('sum', [dropped, x, b.batchNorm('identity', x)]);
  return b.node('dropout', 'drop', [b.flatten('flat', sum)], { rate: 0.4 });
});
const plain = tinyNetwork((b, x) => b.activation('relu', 'relu', b.batchNorm('bn', x)));

describeBuilt('a training session on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it('gives the same bits for the same seed', async () => {
    const [a, b] = [await trained(device, 3), await trained(device, 3)];
    expectSame(a, b);
  });

  it('goes on exactly where another left off, dropping included', async () => {
    const whole = await trained(device, 4);
    const first = await device.load(network, tinyUse(network));
    for (let step = 0; step < 2; step++) await trainStep(first, tinyBatch(step));
    const state = await first.read();
    await first.close();
    const second = await device.load(network, tinyUse(network));
    await second.write(state);
    for (let step = 2; step < 4; step++) await trainStep(second, tinyBatch(step));
    expectSame(await second.read(), whole);
    await second.close();
  });

  it('drops other things in the next step and under another seed', async () => {
    const losses: number[] = [];
    for (const seed of [3, 4]) {
      const session = await device.load(network, tinyUse(network, { seed }));
      losses.push((await session.backward(tinyBatch(0))).loss);
      losses.push((await session.backward(tinyBatch(0))).loss);
      await session.close();
    }
    expect(new Set(losses).size).toBe(4);
  });

  it('uses the mean gradient of several backward calls', async () => {
    const gradients: Float32Array[] = [];
    for (const batches of [[1], [2], [1, 2]]) {
      const session = await device.load(plain, tinyUse(plain));
      for (const seed of batches) await session.backward(tinyBatch(seed));
      gradients.push(await session.gradients[0]!.read());
      await session.close();
    }
    const [one, two, both] = gradients as [Float32Array, Float32Array, Float32Array];
    const mean = one.map((value, i) => (value + two[i]!) / 2);
    expect(distance(both, mean)).toBeLessThan(1e-6);
    expect(distance(one, two)).toBeGreaterThan(0.1);
  });

  it('updates by gradients written from outside', async () => {
    const use = tinyUse(plain);
    const session = await device.load(plain, use);
    await session.backward(tinyBatch(1));
    const [bucket] = session.gradients;
    await bucket!.write(new Float32Array(bucket!.length).fill(2));
    expect(new Set(await bucket!.read())).toEqual(new Set([2]));
    await session.update(0.5);
    const after = await session.read();
    const weight = use.weights.get('first.weight')!.data;
    expect(Array.from(after.get('first.weight')!.data)).toEqual(
      Array.from(weight, (value) => Math.fround(value - 1)),
    );
    await session.close();
  });

  it('reads back the bits that were written', async () => {
    const session = await device.load(network, tinyUse(network));
    const other = initialise(network, 99);
    await session.write(other);
    const read = await session.read();
    for (const [tensor, { data }] of other) expect(read.get(tensor)!.data).toEqual(data);
    expect(read.get(UPDATE_COUNT_NAME)!.data[0]).toBe(0);
    expect(read.get(slotTensorName('velocity', 'conv.weight'))!.shape).toEqual([4, 2, 3, 3]);
    await session.close();
  });

  it('moves running statistics as PyTorch does: unbiased, a tenth of the new', async () => {
    const use = tinyUse(plain);
    // The batch norm sees the first convolution's output: make that the identity on two channels.
    use.weights.get('first.weight')!.data.set([1, 0, 0, 1, 1, 0, 0, 1]);
    const session = await device.load(plain, use);
    const batch = tinyBatch(5);
    await session.backward(batch);
    const values = [0, 1, 2, 3].flatMap((image) =>
      Array.from(batch.data.subarray(image * 60, image * 60 + 30)),
    );
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
    const read = await session.read();
    expect(read.get('bn.running_mean')!.data[0]).toBeCloseTo(0.1 * mean, 6);
    expect(read.get('bn.running_var')!.data[0]).toBeCloseTo(0.9 + 0.1 * variance, 6);
    await session.close();
  });

  it('computes any update rule: AdamW with bias correction', async () => {
    const use = tinyUse(plain, { updateRule: adamW });
    const session = await device.load(plain, use);
    const names = session.gradients[0]!.parameters;
    const expected = new Map(names.map((p) => [p.name, adamState(use.weights, p.name)]));
    for (let step = 1; step <= 3; step++) {
      await session.backward(tinyBatch(step));
      const gradients = await session.gradients[0]!.read();
      for (const { name: parameter, offset, length } of names) {
        adamStep(expected.get(parameter)!, gradients.subarray(offset, offset + length), step);
      }
      await session.update(0.01);
    }
    const read = await session.read();
    for (const [parameter, { p, m }] of expected) {
      expect(distance(read.get(parameter)!.data, p)).toBeLessThan(2e-6);
      const slot = read.get(slotTensorName('m', parameter))!;
      expect(distance(slot.data, m)).toBeLessThan(2e-6);
    }
    expect(read.get(UPDATE_COUNT_NAME)!.data[0]).toBe(3);
    await session.close();
  });

  it('takes bytes in either layout, and smaller batches', async () => {
    const graph = byteNetwork();
    const session = await device.load(graph, tinyUse(graph));
    const nchw = byteBatch();
    const data = new Uint8Array(nchw.data.length);
    for (let image = 0; image < 3; image++) {
      for (let c = 0; c < 2; c++) {
        for (let pixel = 0; pixel < 30; pixel++) {
          data[image * 60 + pixel * 2 + c] = nchw.data[image * 60 + c * 30 + pixel]!;
        }
      }
    }
    const a = await session.infer(nchw);
    const b = await session.infer({ ...nchw, layout: 'NHWC', data });
    expect(b).toEqual(a);
    expect(a.images).toBe(3);
    expect((await session.backward(nchw)).images).toBe(3);
    await session.close();
  });

  it('counts hits and takes soft targets', async () => {
    const graph = withLoss(plain, { labelSmoothing: 0, targets: 'soft' });
    const session = await device.load(graph, tinyUse(graph));
    const batch = tinyBatch(1);
    const targets = new Float32Array(12).fill(0.1);
    batch.labels.forEach((label, i) => (targets[3 * i + label] = 0.8));
    const soft = await session.backward({ ...batch, targets });
    const smooth = await device.load(
      withLoss(plain, { labelSmoothing: 0.3, targets: 'index' }),
      tinyUse(graph),
    );
    const index = await smooth.backward(batch);
    expect(soft.loss).toBeCloseTo(index.loss, 6);
    expect(soft.correct).toBe(index.correct);
    await Promise.all([session.close(), smooth.close()]);
  });
});

async function trainStep(session: TrainingSession, batch: LabelledBatch): Promise<void> {
  await session.backward(batch);
  await session.backward(batch);
  await session.update(0.05);
}

async function trained(device: Device, steps: number): Promise<NamedTensors> {
  const session = await device.load(network, tinyUse(network));
  for (let step = 0; step < steps; step++) await trainStep(session, tinyBatch(step));
  const state = await session.read();
  await session.close();
  return state;
}

function expectSame(a: NamedTensors, b: NamedTensors): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [tensor, { data }] of a) expect([tensor, data]).toEqual([tensor, b.get(tensor)!.data]);
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let reference = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    reference += b[i]! ** 2;
  }
  return Math.sqrt(difference / (reference || 1));
}

const { add, div, gradient, hyper, mul, parameter, pow, rate, slot, sqrt, step, sub } = expr;

/** p ← p − rate (m̂ / (√v̂ + ε) + decay p), decay 0 on the head. */
const adamW: UpdateRule = {
  name: 'adamw',
  slots: [
    { name: 'm', init: 0 },
    { name: 'v', init: 0 },
  ],
  hyper: { decay: { value: 0.1, perParameter: { 'head.weight': 0 } } },
  assignments: [
    { target: { slot: 'm' }, value: add(mul(0.9, slot('m')), mul(0.1, gradient)) },
    {
      target: { slot: 'v' },
      value: add(mul(0.99, slot('v')), mul(0.01, mul(gradient, gradient))),
    },
    {
      target: { parameter: true },
      value: sub(
        parameter,
        mul(
          rate,
          add(
            div(
              div(slot('m'), sub(1, pow(0.9, step))),
              add(sqrt(div(slot('v'), sub(1, pow(0.99, step)))), 1e-3),
            ),
            mul(hyper('decay'), parameter),
          ),
        ),
      ),
    },
  ],
};

interface AdamState {
  readonly decay: number;
  readonly p: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

function adamState(weights: NamedTensors, name: string): AdamState {
  const p = Float64Array.from(weights.get(name)!.data);
  const zeros = () => new Float64Array(p.length);
  return { decay: name === 'head.weight' ? 0 : 0.1, p, m: zeros(), v: zeros() };
}

function adamStep({ p, m, v, decay }: AdamState, g: Float32Array, count: number): void {
  for (let i = 0; i < p.length; i++) {
    m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
    v[i] = 0.99 * v[i]! + 0.01 * g[i]! ** 2;
    const direction = m[i]! / (1 - 0.9 ** count) / (Math.sqrt(v[i]! / (1 - 0.99 ** count)) + 1e-3);
    p[i]! -= 0.01 * (direction + decay * p[i]!);
  }
}

function byteNetwork(): Graph {
  const graph = plain;
  const [input, ...rest] = graph.nodes;
  const normalize = {
    name: 'normalize',
    op: 'normalize' as const,
    inputs: ['input'],
    attrs: { mean: [0.4, 0.5], std: [0.2, 0.25] },
  };
  return {
    ...graph,
    nodes: [
      { ...input, attrs: { shape: [2, 6, 5], dtype: 'uint8' } } as (typeof graph.nodes)[number],
      normalize,
      ...rest.map((node) => ({
        ...node,
        inputs: node.inputs.map((from) => (from === 'input' ? 'normalize' : from)),
      })),
    ] as Graph['nodes'],
  };
}

function byteBatch(): LabelledBatch {
  const data = Uint8Array.from({ length: 180 }, (_, i) => (i * 37) % 256);
  return { ...tinyBatch(1, 3), data };
}
