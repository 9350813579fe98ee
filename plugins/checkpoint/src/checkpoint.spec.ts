import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Callback, type RunState, type Validation } from '@refold/core';
import { readModelFile, writeModelFile, type RefoldFile } from '@refold/formats';
import {
  createProvided,
  describeCallback,
  fakeHost,
  fakeRunContext,
  type FakeRunContext,
} from '@refold/testing';
import plugin from './index.js';

async function checkpoints(options: object = {}, baseDir?: string): Promise<Callback> {
  const host = fakeHost(baseDir === undefined ? {} : { baseDir });
  return createProvided(plugin, Callback, { options, host });
}

describeCallback('checkpoint', () => checkpoints({ everySteps: 1 }), { restores: true });

let outputDir: string;
let run: FakeRunContext;
beforeEach(async () => {
  outputDir = mkdtempSync(path.join(tmpdir(), 'refold-checkpoint-'));
  run = await fakeRunContext(outputDir);
});
afterEach(() => rmSync(outputDir, { recursive: true }));

const folder = () => path.join(outputDir, 'checkpoints');
const files = () => readdirSync(folder()).sort();
const name = (epoch: number, step: number) =>
  `epoch-000${epoch}-step-${String(step).padStart(6, '0')}.safetensors`;
const at = (step: number) => {
  run.position = { epoch: Math.floor(step / 3), batch: step % 3, step };
};
const validation = (epoch: number, top1: number): Validation => ({
  ...{ epoch, images: 10, top1, top5: 100, loss: 1, imagesPerSecond: 1 },
});
const warnings = () => run.events.filter((event) => event.type === 'warned');
const noOutcome = { loss: 0, images: 0, correct: 0, forwardMs: 0, backwardMs: 0, rate: 0 };

/** Saves at each of these steps, as the end of a step would. */
async function savedAt(callback: Callback, ...steps: number[]): Promise<void> {
  for (const step of steps) {
    at(step);
    await callback.stepEnded?.(run, noOutcome);
  }
}
function damage(file: string, how: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, how(readFileSync(file)));
}
const flipped = (bytes: Buffer) => {
  bytes[bytes.length - 20]! ^= 1;
  return bytes;
};

describe('saving', () => {
  it('writes after every epoch by default, with everything to go on from, and says so', async () => {
    const callback = await checkpoints();
    await savedAt(callback, 1, 2, 3);
    await callback.epochEnded?.(run, 0);
    expect(files()).toEqual([name(1, 3)]);
    const file = path.join(folder(), name(1, 3));
    const saved = await readModelFile(file);
    expect(saved).toMatchObject({
      kind: 'checkpoint',
      form: 'train',
      model: 'tiny',
      classes: run.dataset.classes,
      preprocessing: run.dataset.preprocessing,
      config: run.config,
      position: { epoch: 1, batch: 0, step: 3 },
    });
    expect(saved.weights).toEqual((await run.state()).tensors);
    expect(run.events).toContainEqual({
      type: 'checkpoint-saved',
      path: file,
      position: run.position,
      bytes: readFileSync(file).length,
    });
    expect(run.reported).toEqual({ checkpoint: file });
  });

  it('keeps the newest n', async () => {
    await savedAt(await checkpoints({ keep: 2, everySteps: 1 }), 1, 2, 3, 4);
    expect(files()).toEqual([name(1, 3), name(1, 4)]);
  });

  it('follows everySteps and everyEpochs', async () => {
    const callback = await checkpoints({ everySteps: 2, everyEpochs: 0 });
    await savedAt(callback, 1, 2, 3);
    await callback.epochEnded?.(run, 0);
    await savedAt(callback, 4);
    expect(files()).toEqual([name(0, 2), name(1, 4)]);
  });

  it('saves at once when asked', async () => {
    at(2);
    await (await checkpoints()).checkpointRequested?.(run, 'interrupted');
    expect(files()).toEqual([name(0, 2)]);
  });

  it('keeps the best apart, by top-1, also while others come and go', async () => {
    const callback = await checkpoints({ keep: 1 });
    for (const [epoch, top1] of [40, 60, 50].entries()) {
      at(3 * (epoch + 1));
      const result = validation(epoch, top1);
      if (!run.best || top1 > run.best.top1) run.best = result;
      await callback.validated?.(run, result);
      await callback.epochEnded?.(run, epoch);
    }
    expect(files()).toEqual(['best.safetensors', name(3, 9)]);
    const best = await readModelFile(path.join(folder(), 'best.safetensors'));
    expect(best).toMatchObject({ position: { step: 6 }, best: { epoch: 1, top1: 60 } });
  });

  it('writes on the first rank only', async () => {
    const second = { ...run, device: { ...run.device, group: { ...run.device.group, rank: 1 } } };
    const callback = await checkpoints();
    await callback.runStarting?.(second);
    await callback.validated?.({ ...second, best: null }, validation(0, 1));
    await callback.checkpointRequested?.(second, 'command');
    await callback.runEnded?.(second);
    expect(readdirSync(outputDir)).toEqual([]);
  });
});

describe('starting', () => {
  it('removes what a killed run left half-written', async () => {
    mkdirSync(folder());
    writeFileSync(path.join(folder(), '.a.safetensors.0123456789ab.refold-tmp'), 'x');
    await (await checkpoints()).runStarting?.(run);
    expect(files()).toEqual([]);
  });

  it('sets aside what an earlier run left beyond its start, so that its own files count as the newest', async () => {
    await savedAt(await checkpoints({ everySteps: 1 }), 1, 5, 6);
    writeFileSync(path.join(folder(), 'best.safetensors'), 'x');
    at(0);
    const callback = await checkpoints({ everySteps: 1, keep: 1 });
    await callback.runStarting?.(run);
    await savedAt(callback, 2);
    const old = ['best.safetensors', name(0, 1), name(1, 5), name(2, 6)];
    expect(files()).toEqual([name(0, 2), ...old.map((one) => `superseded-${one}`)]);
    expect(warnings()).toMatchObject([{ code: 'RF-CHECKPOINT-SUPERSEDED' }]);
  });

  it('fails at once where the folder cannot be used, and not after the first epoch', async () => {
    writeFileSync(folder(), 'a file in its place');
    await expect((await checkpoints()).runStarting?.(run)).rejects.toMatchObject({
      code: 'RF-CHECKPOINT-FOLDER',
    });
  });

  it('keeps everything where a run goes on from the newest', async () => {
    const callback = await checkpoints({ everySteps: 1 });
    await savedAt(callback, 1, 2);
    run.best = validation(0, 50);
    await callback.validated?.(run, run.best);
    await (await checkpoints()).runStarting?.(run);
    expect(files()).toEqual(['best.safetensors', name(0, 1), name(0, 2)]);
    expect(warnings()).toEqual([]);
  });
});

describe('resuming', () => {
  /** Trains one step on the run's own data, so that weights and slots differ from step to step. */
  async function trainTo(step: number): Promise<RunState> {
    for await (const batch of run.dataset.train.batches({
      ...{ batchSize: 8, seed: step, epoch: 0, rank: 0, replicas: 1 },
    })) {
      await run.session.backward(batch);
      break;
    }
    await run.session.update(0.1);
    at(step);
    return run.state();
  }

  it('gives back the newest state bit by bit, with position, slots and best', async () => {
    const callback = await checkpoints({ everySteps: 1 });
    run.best = validation(0, 70);
    const first = await trainTo(1);
    await callback.stepEnded?.(run, noOutcome);
    const second = await trainTo(2);
    await callback.stepEnded?.(run, noOutcome);
    expect(first.tensors).not.toEqual(second.tensors);

    const other = await fakeRunContext(outputDir);
    const restored = await (await checkpoints()).restore?.(other, 'auto');
    expect(restored).toEqual(second);
    expect([...restored!.tensors.keys()].filter((key) => key.startsWith('optimizer.'))).not.toEqual(
      [],
    );
  });

  it.each([
    ['a flipped bit', flipped, 'RF-FILE-CHECKSUM'],
    ['a missing end', (bytes: Buffer) => bytes.subarray(0, -7), 'RF-FILE-TRUNCATED'],
    ['no content', () => Buffer.alloc(0), 'RF-FILE-TRUNCATED'],
  ])('goes back to the newest good one past %s', async (_, how, code) => {
    await savedAt(await checkpoints({ everySteps: 1 }), 1, 2, 3);
    for (const bad of [name(1, 3), name(0, 2)]) damage(path.join(folder(), bad), how);
    const restored = await (await checkpoints()).restore?.(run, 'auto');
    expect(restored?.position.step).toBe(1);
    expect(warnings()).toMatchObject(
      [name(1, 3), name(0, 2)].map((bad) => ({
        code: 'RF-CHECKPOINT-DAMAGED',
        message: expect.stringMatching(new RegExp(`${code}.*${bad}`)),
      })),
    );
  });

  it('takes the best one where no other is good', async () => {
    const callback = await checkpoints({ everySteps: 1 });
    await savedAt(callback, 2);
    run.best = validation(0, 50);
    await callback.validated?.(run, run.best);
    damage(path.join(folder(), name(0, 2)), flipped);
    expect(await (await checkpoints()).restore?.(run, 'auto')).toMatchObject({
      position: { step: 2 },
      best: { top1: 50 },
    });
  });

  it('starts afresh with a warning where there is none', async () => {
    expect(await (await checkpoints()).restore?.(run, 'auto')).toBeNull();
    expect(warnings()).toMatchObject([{ code: 'RF-CHECKPOINT-NONE' }]);
  });

  it('takes a file, relative to the configuration, and fails when that one is damaged', async () => {
    await savedAt(await checkpoints({ everySteps: 1 }), 1, 2);
    const callback = await checkpoints({}, outputDir);
    const file = path.join('checkpoints', name(0, 1));
    expect((await callback.restore?.(run, file))?.position.step).toBe(1);
    damage(path.join(outputDir, file), flipped);
    await expect(callback.restore?.(run, file)).rejects.toMatchObject({ code: 'RF-FILE-CHECKSUM' });
    await expect(callback.restore?.(run, 'none')).rejects.toMatchObject({
      code: 'RF-FILE-UNREADABLE',
    });
  });

  /** What `restore` says to the newest checkpoint after this change to it. */
  async function restoreChanged(
    change: (file: RefoldFile) => Partial<RefoldFile>,
  ): Promise<unknown> {
    await savedAt(await checkpoints({ everySteps: 1 }), 1);
    const file = path.join(folder(), name(0, 1));
    const saved = await readModelFile(file);
    await writeModelFile(file, { ...saved, ...change(saved) });
    return (await checkpoints()).restore?.(run, 'auto').catch((error: unknown) => error);
  }

  it('refuses another network, and names what differs', async () => {
    const { tinyGraph } = await import('@refold/testing');
    const { initialise } = await import('@refold/graph');
    const { sample, normalization } = run.dataset;
    const graph = tinyGraph({ sample, normalization, width: 7 });
    const error = await restoreChanged(({ weights }) => ({
      model: 'wider',
      graph,
      weights: new Map([
        ...initialise(graph, 1),
        ...[...weights].filter(([key]) => key.startsWith('optimizer.')),
      ]),
    }));
    expect(error).toMatchObject({ code: 'RF-CHECKPOINT-OTHER-MODEL', exitCode: 1 });
    expect((error as Error).message).toMatch(/have another shape .*\[7, 1, 3, 3\], not \[4, 1/);
    expect((error as Error).message).toContain('Received wider');
  });

  it('refuses a network with the same tensors that computes something else', async () => {
    const error = await restoreChanged(({ graph }) => ({
      graph: {
        ...graph,
        nodes: graph.nodes.map((node) =>
          node.op === 'batch_norm' ? { ...node, attrs: { ...node.attrs, eps: 0.5 } } : node,
        ),
      },
    }));
    expect(error).toMatchObject({ code: 'RF-CHECKPOINT-OTHER-MODEL' });
    expect((error as Error).message).toContain('2 layers differ (block.conv_kxk.bn is batch_norm');
  });

  it('refuses the state of another optimizer', async () => {
    const error = await restoreChanged(({ weights }) => ({
      weights: new Map([...weights].filter(([key]) => !key.startsWith('optimizer.momentum.'))),
    }));
    expect(error).toMatchObject({ code: 'RF-CHECKPOINT-OTHER-OPTIMIZER' });
    expect((error as Error).message).toMatch(/Expected .*8 × momentum/);
  });

  it('refuses a finished network', async () => {
    const error = await restoreChanged(() => ({ kind: 'model' }));
    expect(error).toMatchObject({ code: 'RF-CHECKPOINT-NOT-ONE' });
  });
});
