import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { GraphBuilder, isRefoldError, withLoss, type Graph } from '@refold/graph';
import { loadAddon } from './native/load-addon.js';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import type {
  PrintedForgetting,
  PrintedMemory,
  PrintedThrowing,
  PrintedWorkers,
} from './spec-kit/print-life.js';
import { noiseFor, repvggBlock, repvggNetwork, repvggUse } from './spec-kit/repvgg-network.js';
import { runScript } from './spec-kit/run-script.js';

const graph = repvggNetwork();

/** The first block of a RepVGG, at the size that people train at. */
function stem(): Graph {
  const b = new GraphBuilder({ shape: [3, 224, 224], dtype: 'float32' });
  const vector = b.flatten('flat', b.globalAvgPool('pool', repvggBlock(b, 'stem', b.input, 64, 2)));
  const head = b.linear('head.fc', vector, { outFeatures: 5 });
  return withLoss(b.build(head), { labelSmoothing: 0, targets: 'index' });
}

describeBuilt('the life of onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it('gives back what sessions of every kind held', async () => {
    const before = loadAddon().usage();
    const { weights } = repvggUse(graph);
    for (let i = 0; i < 25; i++) {
      const precision = i % 2 === 0 ? 'float32' : 'bfloat16';
      const training = await device.load(graph, repvggUse(graph, { precision }));
      const use = { kind: 'inference', batchSize: 2, precision, weights } as const;
      const inference = await device.load(graph, use);
      expect(loadAddon().usage().sessions).toBe(before.sessions + 2);
      await inference.infer(noiseFor(graph, i, 2));
      // Not awaited: closing waits for it.
      const running = training.backward(noiseFor(graph, i, 6));
      await Promise.all([training.close(), inference.close(), running]);
    }
    expect(loadAddon().usage()).toEqual(before);
  });

  it('keeps to its memory over 300 steps', async () => {
    const { resident } = (await runScript('print-life', ['memory'])) as PrintedMemory;
    expect(resident).toHaveLength(4);
    // V8's own heap moves by one or two MiB after a collection; a step's activations are 1 MiB, so that a leak of any
    // of them would be tens of MiB.
    for (const bytes of resident) expect(bytes - resident[0]!).toBeLessThan(4 * 2 ** 20);
  });

  it('refuses what does not fit into memory, and works on', async () => {
    const before = loadAddon().usage();
    const large = stem();
    const refused = device.load(large, repvggUse(large, { batchSize: 1_000_000 }));
    await expect(refused).rejects.toMatchObject({ code: 'RF-DEVICE-MEMORY' });
    expect(loadAddon().usage()).toEqual(before);
    const session = await device.load(large, repvggUse(large, { batchSize: 1 }));
    expect((await session.backward(noiseFor(large, 1, 1))).images).toBe(1);
    await session.close();
  });

  it('frees sessions that were forgotten without being closed', async () => {
    const { before, held, after } = (await runScript('print-life', [
      'forgetting',
    ])) as PrintedForgetting;
    expect(held).toBeGreaterThan(before.sessions);
    expect(after).toEqual(before);
  });

  it('goes on when handlers throw', async () => {
    const { uncaught, imagesAfter } = (await runScript('print-life', [
      'throwing',
    ])) as PrintedThrowing;
    expect(uncaught).toEqual(['after backward', 'at last', 'in a microtask']);
    expect(imagesAfter).toBe(6);
  });

  // Without the addon's own end, two of three such processes crash: `exit` destroys what libdnnl computes with.
  it('lets the process end while it computes', async () => {
    for (let i = 0; i < 3; i++) expect(await runScript('print-life', ['leaving'])).toBe('left');
  });

  it('lets worker threads end in any state', async () => {
    const { ended, imagesAfter } = (await runScript('print-life', ['workers'])) as PrintedWorkers;
    expect(ended).toEqual(['closed', 'open', 'in flight']);
    expect(imagesAfter).toBe(6);
  });

  it('closes with the device while passes run and wait', async () => {
    const before = loadAddon().usage();
    const other = onednnDevice();
    const session = await other.load(graph, repvggUse(graph));
    const asked = [
      session.backward(noiseFor(graph, 1, 6)),
      session.gradients[0]!.read(),
      session.backward(noiseFor(graph, 2, 6)),
      session.gradients[0]!.read(),
      session.update(0.1),
      session.infer(noiseFor(graph, 3, 6)),
      session.read(),
    ];
    const closing = other.close();
    const results = await Promise.allSettled(asked);
    await closing;
    // Each is answered, or refused because the session is closed.
    for (const result of results)
      if (result.status === 'rejected')
        expect(isRefoldError(result.reason) && result.reason.code).toBe('RF-DEVICE-CLOSED');
    expect(results.slice(0, 1)).toMatchObject([{ status: 'fulfilled', value: { images: 6 } }]);
    expect(loadAddon().usage()).toEqual(before);
  });
});
