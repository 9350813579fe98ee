import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { withoutLoss, type Graph } from '@refold/graph';
import { loadAddon } from './native/load-addon.js';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { tinyBatch, tinyNetwork, tinyUse } from './spec-kit/tiny-training.js';

const plain = tinyNetwork((b, x) => b.activation('relu', 'relu', b.batchNorm('bn', x)));
const code = (expected: string) => ({ code: expected });

describeBuilt('refusals of onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it('of loads have codes, and leave nothing behind', async () => {
    const before = loadAddon().usage();
    const use = tinyUse(plain);
    const refused = (graph: Graph, over: object) =>
      expect(device.load(graph, { ...use, ...over })).rejects;
    await refused(plain, { precision: 'float16' }).toMatchObject(code('RF-DEVICE-PRECISION'));
    await refused(withoutLoss(plain), {}).toMatchObject(code('RF-DEVICE-NO-LOSS'));
    await refused(plain, { weights: new Map() }).toMatchObject(code('RF-DEVICE-TENSOR'));
    const bias = { shape: [3], data: new Float32Array(2) };
    await refused(plain, { weights: new Map([...use.weights, ['head.bias', bias]]) }).toMatchObject(
      code('RF-DEVICE-TENSOR'),
    );
    expect(loadAddon().usage()).toEqual(before);
  });

  it.each([1e9, 2 ** 31, 1e12])(
    'of %d images at once: no memory, and no crash',
    async (batchSize) => {
      const before = loadAddon().usage();
      for (const kind of ['training', 'inference'] as const) {
        const use = { ...tinyUse(plain, { batchSize }), kind } as ReturnType<typeof tinyUse>;
        await expect(device.load(plain, use)).rejects.toMatchObject(code('RF-DEVICE-MEMORY'));
      }
      expect(loadAddon().usage()).toEqual(before);
      const session = await device.load(plain, tinyUse(plain));
      await session.backward(tinyBatch(1));
      await session.close();
    },
  );

  it('of batches name what does not fit, and leave the session as it was', async () => {
    const session = await device.load(plain, tinyUse(plain));
    await session.backward(tinyBatch(1));
    const [bucket] = session.gradients;
    const before = await bucket!.read();
    const wrong = [
      tinyBatch(1, 5),
      { ...tinyBatch(1), images: 0 },
      { ...tinyBatch(1), height: 7 },
      { ...tinyBatch(1), data: new Float32Array(3) },
      { ...tinyBatch(1), data: new Uint8Array(240) },
      { ...tinyBatch(1), labels: Int32Array.of(0, 1, 2, 3) },
      { ...tinyBatch(1), labels: Int32Array.of(0, 1, -1, 2) },
      { ...tinyBatch(1), labels: Int32Array.of(0) },
    ];
    for (const batch of wrong)
      await expect(session.backward(batch)).rejects.toMatchObject(code('RF-DEVICE-BATCH'));
    expect(await bucket!.read()).toEqual(before);
    await session.close();
  });

  it('of updates and buckets without a backward', async () => {
    const session = await device.load(plain, tinyUse(plain));
    const none = code('RF-DEVICE-NO-GRADIENTS');
    const [bucket] = session.gradients;
    const refuse = async () => {
      await expect(session.update(0.1)).rejects.toMatchObject(none);
      await expect(bucket!.read()).rejects.toMatchObject(none);
      await expect(bucket!.write(new Float32Array(bucket!.length))).rejects.toMatchObject(none);
    };
    await refuse();
    await session.backward(tinyBatch(1));
    await session.update(0.1);
    await refuse();
    await session.close();
  });

  it('of unknown tensors', async () => {
    const session = await device.load(plain, tinyUse(plain));
    const unknown = new Map([['nobody', { shape: [1], data: new Float32Array(1) }]]);
    await expect(session.write(unknown)).rejects.toMatchObject(code('RF-DEVICE-TENSOR'));
    const count = new Map([['optimizer.step', { shape: [2], data: new Float32Array(2) }]]);
    await expect(session.write(count)).rejects.toMatchObject(code('RF-DEVICE-TENSOR'));
    await session.close();
  });

  it('of everything after close, also of what waits for it', async () => {
    const session = await device.load(plain, tinyUse(plain));
    const gone = code('RF-DEVICE-CLOSED');
    const running = session.backward(tinyBatch(1));
    const closing = session.close();
    await expect(session.read()).rejects.toMatchObject(gone);
    await expect(session.infer(tinyBatch(1))).rejects.toMatchObject(gone);
    await expect(session.gradients[0]!.read()).rejects.toMatchObject(gone);
    expect((await running).images).toBe(4);
    await Promise.all([closing, session.close()]);
  });

  it('of a device that is closed, also while it loads', async () => {
    const before = loadAddon().usage();
    const other = onednnDevice();
    const loading = other.load(plain, tinyUse(plain));
    const closing = other.close();
    await expect(loading).rejects.toMatchObject(code('RF-DEVICE-CLOSED'));
    await closing;
    await expect(other.load(plain, tinyUse(plain))).rejects.toMatchObject(code('RF-DEVICE-CLOSED'));
    expect(loadAddon().usage()).toEqual(before);
  });
});
