import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { GraphBuilder, withLoss, type Graph } from '@refold/graph';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { noiseFor, repvggBlock, repvggUse } from './spec-kit/repvgg-network.js';

/**
 * Twelve blocks on large images below two wide layers, which fill a bucket each: when backward has finished those, most
 * of its work is still before it.
 */
function deepNetwork(): Graph {
  const b = new GraphBuilder({ shape: [3, 64, 64], dtype: 'float32' });
  let x = b.conv2d('stem', b.input, { outChannels: 32, kernel: 3, padding: 1 });
  for (let block = 0; block < 12; block++) x = repvggBlock(b, `stages.0.${block}`, x, 32);
  let y = b.flatten('head.flatten', b.globalAvgPool('head.pool', x));
  y = b.linear('head.wide', y, { outFeatures: 1100 });
  y = b.linear('head.square', b.activation('relu', 'head.act', y), { outFeatures: 1100 });
  const head = b.linear('head.fc', y, { outFeatures: 5 });
  return withLoss(b.build(head), { labelSmoothing: 0, targets: 'index' });
}

describeBuilt('gradient buckets on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it('are read one after the other, the first long before backward has ended', async () => {
    const graph = deepNetwork();
    const session = await device.load(graph, repvggUse(graph));
    expect(session.gradients).toHaveLength(2);
    for (let step = 0; step < 2; step++) {
      const order: string[] = [];
      const backward = session
        .backward(noiseFor(graph, step, 6))
        .then(() => order.push('backward'));
      const reads = session.gradients.map((bucket, i) =>
        bucket.read().then((values) => {
          order.push(`bucket ${i}`);
          return values;
        }),
      );
      const [first] = await Promise.all([...reads, backward]);
      // The last bucket and backward end together.
      expect(order[0]).toBe('bucket 0');
      expect(order.toSorted()).toEqual(['backward', 'bucket 0', 'bucket 1']);
      const again = await session.gradients[0]!.read();
      expect(Buffer.compare(bytesOf(first as Float32Array), bytesOf(again))).toBe(0);
      await session.update(0.01);
    }
    await session.close();
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
