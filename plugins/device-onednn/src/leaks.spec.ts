import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { loadAddon } from './native/load-addon.js';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { tinyBatch, tinyNetwork, tinyUse } from './spec-kit/tiny-training.js';

const network = tinyNetwork((b, x) => {
  const norm = b.batchNorm('bn', b.conv2d('conv', x, { outChannels: 4, kernel: 3, padding: 1 }));
  const sum = b.add('sum', [norm, b.node('drop_path', 'path', [x], { rate: 0.3 })]);
  return b.activation('relu', 'relu', sum);
});

describeBuilt('memory of onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it('is given back by every one of 100 sessions', async () => {
    const before = loadAddon().usage();
    for (let i = 0; i < 100; i++) {
      const use = tinyUse(network, { precision: i % 2 === 0 ? 'float32' : 'bfloat16' });
      const session = await device.load(network, use);
      await session.backward(tinyBatch(i));
      await session.update(0.1);
      if (i % 10 === 0) await session.infer(tinyBatch(i, 3));
      await session.close();
    }
    expect(loadAddon().usage()).toEqual(before);
  });

  it('stays the same over 1,000 steps', async () => {
    const session = await device.load(network, tinyUse(network));
    const held: number[] = [];
    const resident: number[] = [];
    for (let step = 0; step < 1000; step++) {
      await session.backward(tinyBatch(step % 7));
      await session.update(0.01);
      if (step % 100 !== 99) continue;
      held.push(loadAddon().usage().bytes);
      resident.push(process.memoryUsage().rss);
    }
    expect(new Set(held).size).toBe(1);
    // The heap of JavaScript breathes; a leak of a step's activations would be 50 MB.
    expect(resident.at(-1)! - resident[1]!).toBeLessThan(30e6);
    await session.close();
  });
});
