import { describe, expect, it } from '@jest/globals';
import {
  Callback,
  compose,
  Dataset,
  definePlugin,
  Device,
  Model,
  type Plugin,
  type RefoldEvent,
  type RunResult,
} from '@refold/core';
import optimizers from '@refold/plugin-optimizers';
import { fakeDataset, fakeDevice, tinyModel } from '@refold/testing';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();

const parts = (device: { usable: boolean }, made = fakeDevice()) =>
  definePlugin({
    name: 'parts',
    apiVersion: 1,
    setup({ provide }) {
      provide(Model, { use: ['tiny'], create: () => tinyModel });
      provide(Dataset, { use: ['fake'], create: () => fakeDataset() });
      const probe = () => Promise.resolve({ ...device, reason: 'a test says so' });
      provide(Device, { use: ['fake'], probe, create: () => made });
    },
  });

/** A callback that does one thing wrong. */
const faulty = (what: Partial<Callback>) =>
  definePlugin({
    name: 'faulty',
    apiVersion: 1,
    setup({ provide }) {
      provide(Callback, { create: () => ({ name: 'faulty', ...what }) });
    },
  });

const pipelineOf = (plugins: readonly Plugin[]) =>
  compose({
    plugins: [...plugins, optimizers],
    data: { batchSize: 8 },
    optimizer: { use: 'sgd' },
    rate: { base: 0.1 },
    epochs: 1,
    outputDir: folder,
  });

async function run(plugins: readonly Plugin[]) {
  const { done, events } = pipelineOf(plugins).start();
  const seen: RefoldEvent['type'][] = [];
  let complete = false;
  events.subscribe({ next: ({ type }) => seen.push(type), complete: () => (complete = true) });
  const outcome = await done.catch((error: Error) => error);
  return { outcome, seen, complete };
}

describe('the events of a run', () => {
  it('end with run-completed', async () => {
    const { outcome, seen, complete } = await run([parts({ usable: true })]);
    expect((outcome as RunResult).epochs).toBe(1);
    expect([seen[0], seen.at(-1), complete]).toEqual(['run-started', 'run-completed', true]);
  });

  it('end with run-failed, also where nothing could be started', async () => {
    const { outcome, seen, complete } = await run([parts({ usable: false })]);
    expect(outcome).toMatchObject({ code: expect.stringMatching(/^RF-/) });
    expect([seen, complete]).toEqual([['run-failed'], true]);
  });

  it('tell what could not be closed, which neither undoes a run nor hides why one failed', async () => {
    const close = () => Promise.reject(new Error('stuck'));
    const done = await run([parts({ usable: true }), faulty({ close })]);
    expect((done.outcome as RunResult).epochs).toBe(1);
    expect(done.seen.slice(-2)).toEqual(['run-completed', 'plugin-failed']);

    const runEnded = () => Promise.reject(new Error('the first mistake'));
    const failed = await run([parts({ usable: true }), faulty({ close, runEnded })]);
    expect(failed.outcome).toMatchObject({ message: 'the first mistake' });
    expect(failed.seen.slice(-2)).toEqual(['run-failed', 'plugin-failed']);
    expect(failed.complete).toBe(true);
  });
});

describe('a device that compiles', () => {
  it('tells with every epoch where its time went', async () => {
    const { seen } = await run([parts({ usable: true }, fakeDevice({ compiles: true }))]);
    expect(seen[seen.indexOf('epoch-completed') + 1]).toBe('regions-timed');
    const interpreted = await run([parts({ usable: true })]);
    expect(interpreted.seen).not.toContain('regions-timed');
  });

  it('is loaded for what it compiled when a pipeline is inspected, not when it is planned', async () => {
    const device = fakeDevice({ compiles: true });
    const pipeline = pipelineOf([parts({ usable: true }, device)]);
    await pipeline.plan();
    expect(device.calls).toEqual(['close']);
    const { graph, compiled } = await pipeline.inspect();
    expect(device.calls).toEqual(['close', 'load training', 'close session', 'close']);
    // Every node but the input and with the loss, forward and backward.
    expect(compiled?.operations).toHaveLength(2 * graph.nodes.length);
  });

  it('is alone in that: an interpreting one is not loaded', async () => {
    const device = fakeDevice();
    const { compiled } = await pipelineOf([parts({ usable: true }, device)]).inspect();
    expect(compiled).toBeNull();
    expect(device.calls).toEqual(['close']);
  });
});
