import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Callback, RunState, Validation } from '@refold/core';
import { fakeRunContext, type FakeRunContext } from './fakes/fake-run-context.js';
import { expectEqual, expectSameNumbers, expectThat } from './framework/expectations.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface CallbackKitOptions extends KitOptions {
  /** What `resume` is set to when `restore` is asked, default `auto`. */
  readonly resume?: string;
  /** True for callbacks that keep states: `restore` must then give back what was saved. */
  readonly restores?: boolean;
}

/**
 * Conformance kit for callbacks: hooks work in every legal order on a small run with real training steps (a whole run,
 * a run stopped early, one resumed), restore nothing where nothing was saved, and everything where something was.
 *
 * @param name shown in the titles
 * @param make makes a fresh callback that writes below the run's `outputDir` only
 */
export function describeCallback(
  name: string,
  make: () => Callback | Promise<Callback>,
  options: CallbackKitOptions = {},
): void {
  const { describe, it } = frameworkOf(options.framework);
  const { resume = 'auto' } = options;
  const test = (title: string, body: (run: FakeRunContext, folder: string) => Promise<void>) =>
    it(title, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'refold-callback-'));
      const run = await fakeRunContext(folder);
      try {
        await body(run, folder);
      } finally {
        await run.device.close();
        await run.dataset.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });

  describe(`${name} as a Callback`, () => {
    it('has a name, and hooks that are functions', async () => {
      const callback = await make();
      expectThat(callback.name.length > 0, 'name', 'a text', callback.name);
      for (const hook of hooks)
        expectThat(
          ['undefined', 'function'].includes(typeof callback[hook]),
          hook,
          'a function or nothing',
          typeof callback[hook],
        );
    });

    test('takes part in a whole run', async (run) => {
      const callback = await make();
      await start(callback, run);
      for (let epoch = 0; epoch < run.epochs; epoch++) await trainEpoch(callback, run, epoch);
      await callback.runEnded?.(run);
      run.channel.complete();
      const failed = run.events.filter(({ type }) => type === 'plugin-failed');
      expectEqual(failed, [], 'Events that tell of a failing observer');
    });

    test('takes part in a run that is stopped by a command', async (run) => {
      const callback = await make();
      await start(callback, run);
      await callback.epochStarting?.(run, 0);
      await trainStep(callback, run);
      await callback.checkpointRequested?.(run, 'command');
      await trainStep(callback, run);
      await callback.checkpointRequested?.(run, 'interrupted');
    });

    test('takes part in a run without a single step', async (run) => {
      const callback = await make();
      await start(callback, run);
      await callback.runEnded?.(run);
    });

    test('changes nothing of the network', async (run) => {
      const callback = await make();
      await start(callback, run);
      const before = await run.state();
      await callback.epochStarting?.(run, 0);
      await callback.validated?.(run, validation(0, 50));
      await callback.checkpointRequested?.(run, 'command');
      await callback.epochEnded?.(run, 0);
      requireSameState(await run.state(), before);
    });

    test('works for two runs at once', async (run, folder) => {
      const other = await fakeRunContext(join(folder, 'other'));
      const [a, b] = [await make(), await make()];
      await start(a, run);
      await start(b, other);
      await trainEpoch(a, run, 0);
      await trainEpoch(b, other, 0);
      await a.runEnded?.(run);
      await b.runEnded?.(other);
    });

    test('restores nothing where nothing was saved', async (run) => {
      const callback = await make();
      expectEqual((await callback.restore?.(run, resume)) ?? null, null, 'What restore gives');
    });

    if (options.restores) {
      test('restores what it saved, bit by bit', async (run, folder) => {
        const callback = await make();
        await start(callback, run);
        await trainEpoch(callback, run, 0);
        await callback.epochStarting?.(run, 1);
        await trainStep(callback, run);
        await callback.checkpointRequested?.(run, 'interrupted');
        const saved = await run.state();

        const next = await fakeRunContext(folder);
        const restored = await (await make()).restore?.(next, resume);
        if (!restored) return expectEqual(restored, 'the state that was saved', 'restore');
        requireSameState(restored, saved);
      });
    }
  });
}

const hooks = [
  'observe',
  'restore',
  'runStarting',
  'epochStarting',
  'stepEnded',
  'validated',
  'epochEnded',
  'checkpointRequested',
  'runEnded',
] as const;

async function start(callback: Callback, run: FakeRunContext): Promise<void> {
  callback.observe?.(run.channel.observable(callback.name));
  await callback.runStarting?.(run);
  const { epochs, stepsPerEpoch, totalSteps, outputDir, modelName: model, device } = run;
  run.emit({
    type: 'run-started',
    ...{ model, epochs, stepsPerEpoch, totalSteps, outputDir },
    ...{ device: device.info.name, library: device.info.library },
    ...{ globalBatch: 8, rate: 0.01, resumedFrom: null },
  });
}

async function trainEpoch(callback: Callback, run: FakeRunContext, epoch: number): Promise<void> {
  await callback.epochStarting?.(run, epoch);
  while (run.position.epoch === epoch) await trainStep(callback, run);
  const result = validation(epoch, 40 + epoch);
  if (!run.best || result.top1 > run.best.top1) run.best = result;
  run.emit({ type: 'validated', ...result });
  await callback.validated?.(run, result);
  run.emit({
    type: 'epoch-completed',
    epoch,
    firstBatch: 0,
    loss: 1,
    top1: 40,
    images: 24,
    seconds: 1,
  });
  const regions = [{ name: 'block', forwardMs: 1, backwardMs: 2 }];
  run.emit({ type: 'regions-timed', epoch, steps: run.stepsPerEpoch, regions });
  await callback.epochEnded?.(run, epoch);
}

/** One real step on the run's dataset; the position goes on as in a real run. */
async function trainStep(callback: Callback, run: FakeRunContext): Promise<void> {
  const { epoch, batch, step } = run.position;
  const plan = { batchSize: 8, seed: 42, epoch, rank: 0, replicas: 1, firstBatch: batch };
  for await (const images of run.dataset.train.batches(plan)) {
    const outcome = await run.session.backward(images);
    await run.session.update(0.01);
    const last = batch + 1 === run.stepsPerEpoch;
    run.position = {
      epoch: last ? epoch + 1 : epoch,
      batch: last ? 0 : batch + 1,
      step: step + 1,
    };
    const { loss, images: count, correct } = outcome;
    const timeMs = { data: 1, forward: 1, backward: 1, allReduce: 0, update: 1 };
    run.emit({
      type: 'step-completed',
      ...{ epoch, step: step + 1, loss, rate: 0.01, images: count, correct, timeMs },
    });
    await callback.stepEnded?.(run, { ...outcome, rate: 0.01 });
    return;
  }
}

function validation(epoch: number, top1: number): Validation {
  return { epoch, images: 10, top1, top5: 100, loss: 1 / (epoch + 1), imagesPerSecond: 100 };
}

function requireSameState(received: RunState, expected: RunState): void {
  expectEqual(received.position, expected.position, 'Position');
  expectEqual(received.best, expected.best, 'Best validation');
  const names = [...expected.tensors.keys()].sort();
  expectEqual([...received.tensors.keys()].sort(), names, 'Names of tensors');
  for (const name of names) {
    const [a, b] = [received.tensors.get(name)!, expected.tensors.get(name)!];
    expectEqual(a.shape, b.shape, `Shape of ${name}`);
    expectSameNumbers(a.data, b.data, name);
  }
}
