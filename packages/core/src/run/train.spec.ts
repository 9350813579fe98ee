import { describe, expect, it } from '@jest/globals';
import { GraphBuilder, type HostTensor, type NamedTensors } from '@refold/graph';
import { EventChannel } from '../events/event-channel.js';
import type { RefoldEvent } from '../events/refold-event.js';
import type { Callback, RunState } from '../points/callback.js';
import type { BatchPlan, Dataset, LabelledBatch, Split } from '../points/dataset.js';
import type { Device, RegionTime, TrainingSession } from '../points/device.js';
import { CommandQueue } from './command-queue.js';
import type { RunPlan } from './run-plan.js';
import { singleReplica } from './single-replica.js';
import { train } from './train.js';
import { TrainingRun } from './training-run.js';

/** A session whose one "weight" is a running hash of all it was given: any difference in order shows. */
function hashingSession(losses: number[], setting: Setting) {
  const { lossAt = () => 1, logit = 1, regionsAt } = setting;
  let hash = 7;
  let pending = 0;
  const session: TrainingSession = {
    gradients: [],
    backward: (batch) => {
      pending = (pending * 31 + batch.samples[0]! + 1) % 1_000_003;
      const loss = lossAt(losses.length) * hash;
      const regions = regionsAt?.(losses.length);
      losses.push(loss);
      const outcome = { loss, images: 1, correct: 0, forwardMs: 1, backwardMs: 2 };
      return Promise.resolve({ ...outcome, ...(regions && { regions }) });
    },
    update: (rate) => {
      hash = (hash * 17 + pending + Math.round(rate * 1000)) % 1_000_003;
      pending = 0;
      return Promise.resolve();
    },
    read: () => Promise.resolve(new Map([['w', { shape: [1], data: Float32Array.of(hash) }]])),
    write: (tensors: NamedTensors) => {
      hash = (tensors.get('w') as HostTensor).data[0]!;
      return Promise.resolve();
    },
    infer: () => Promise.resolve({ images: 1, classes: 2, data: Float32Array.of(0, logit) }),
    close: () => Promise.resolve(),
  };
  return session;
}

function split(size: number): Split {
  return {
    size,
    batchCount: () => size,
    sampleName: String,

    async *batches({ epoch, firstBatch = 0 }: BatchPlan): AsyncGenerator<LabelledBatch> {
      for (let batch = firstBatch; batch < size; batch++) {
        yield {
          images: 1,
          channels: 1,
          height: 1,
          width: 1,
          layout: 'NHWC',
          data: new Uint8Array(1),
          labels: Int32Array.of(1),
          samples: Int32Array.of(epoch * 100 + batch),
        };
      }
    },
  };
}

interface Setting {
  readonly plan?: Partial<RunPlan>;
  readonly callback?: Partial<Callback>;
  readonly lossAt?: (n: number) => number;
  /** Of the right class, in validation. */
  readonly logit?: number;
  /** What the device measured in the n-th backward pass. */
  readonly regionsAt?: (n: number) => readonly RegionTime[];
}

async function runTrain(setting: Setting) {
  const { plan = {}, callback = {} } = setting;
  const losses: number[] = [];
  const seen: RefoldEvent[] = [];
  const events = new EventChannel();
  events.observable('test').subscribe((event) => seen.push(event));
  const builder = new GraphBuilder({ shape: [1], dtype: 'float32' });
  const full: RunPlan = {
    config: {},
    outputDir: '/',
    modelName: 'm',
    seed: 1,
    epochs: 3,
    batchSize: 1,
    accumulate: 1,
    replicas: 1,
    globalBatch: 1,
    stepsPerEpoch: 5,
    totalSteps: 15,
    lastStep: 15,
    baseRate: 0.5,
    policies: [{ describe: () => 'step', apply: (rate, { step }) => rate / (step + 1) }],
    validateEvery: 1,
    resume: null,
    ...plan,
  };
  const run = new TrainingRun({
    plan: full,
    graph: builder.build(builder.input),
    device: {
      info: { name: 'fake', library: 'none', threads: 1, precisions: ['float32'] },
      group: singleReplica,
    } as Partial<Device> as Device,
    dataset: { train: split(5), validation: split(2) } as Partial<Dataset> as Dataset,
    session: hashingSession(losses, setting),
    callbacks: [{ name: 'spy', ...callback }],
    events,
    commands: new CommandQueue(),
  });
  await train(run);
  return { run, losses, seen };
}

const typesOf = (events: readonly RefoldEvent[]) => events.map(({ type }) => type);

describe('train', () => {
  it('goes through epochs, steps and validations in order', async () => {
    const { run, seen } = await runTrain({ plan: { epochs: 1, totalSteps: 5, lastStep: 5 } });
    expect(typesOf(seen)).toEqual([
      'run-started',
      ...Array.from({ length: 5 }, () => 'step-completed'),
      'epoch-completed',
      'validated',
    ]);
    expect(run.position).toEqual({ epoch: 1, batch: 0, step: 5 });
    expect(run.best).toMatchObject({ top1: 100, images: 2 });
  });

  it('averages the parts of an accumulated step and drops batches that fill none', async () => {
    const { losses, seen } = await runTrain({
      plan: { epochs: 1, accumulate: 2, stepsPerEpoch: 2, totalSteps: 2, lastStep: 2 },
    });
    const steps = seen.filter((event) => event.type === 'step-completed');
    expect(losses).toHaveLength(4);
    expect(steps.map(({ images }) => images)).toEqual([2, 2]);
    expect(steps[0]?.timeMs).toMatchObject({ forward: 2, backward: 4 });
  });

  it('tells where the time of each epoch went, by update, also of one that maxSteps cut', async () => {
    const { seen } = await runTrain({
      plan: { epochs: 2, accumulate: 2, stepsPerEpoch: 2, totalSteps: 4, lastStep: 3 },
      regionsAt: (n) => [
        { name: 'stem', forwardMs: n, backwardMs: 1 },
        { name: 'head', forwardMs: 1, backwardMs: 10 * n },
      ],
    });
    const times = (stem: number, head: number) => [
      { name: 'stem', forwardMs: stem, backwardMs: 2 },
      { name: 'head', forwardMs: 2, backwardMs: head },
    ];
    // Passes 0 to 3 make two updates, 4 and 5 one.
    expect(seen.filter(({ type }) => type === 'regions-timed')).toEqual([
      { type: 'regions-timed', epoch: 0, steps: 2, regions: times(3, 30) },
      { type: 'regions-timed', epoch: 1, steps: 1, regions: times(9, 90) },
    ]);
    const at = typesOf(seen).indexOf('regions-timed');
    expect(typesOf(seen).slice(at - 1, at + 2)).toEqual([
      'epoch-completed',
      'regions-timed',
      'validated',
    ]);
  });

  it('ends at maxSteps, validated and complete', async () => {
    let ended = false;
    const { run, seen } = await runTrain({
      plan: { lastStep: 7 },
      callback: { runEnded: () => Promise.resolve(void (ended = true)) },
    });
    expect(run.position).toEqual({ epoch: 1, batch: 2, step: 7 });
    expect(typesOf(seen).at(-1)).toBe('validated');
    expect(ended).toBe(true);
  });

  it.each(Array.from({ length: 15 }, (_, step) => step + 1))(
    'stopped after step %i and restored, gives the same losses as uninterrupted',
    async (stopAt) => {
      const whole = await runTrain({});
      let state: RunState | null = null;
      const first = await runTrain({
        callback: {
          stepEnded: (run) => {
            if (run.position.step === stopAt) (run as TrainingRun).commands.add('stop');
            return Promise.resolve();
          },
          checkpointRequested: async (run, why) => {
            expect(why).toBe('interrupted');
            state = await run.state();
          },
        },
      });
      expect(first.run.interrupted).toBe(true);
      const second = await runTrain({
        plan: { resume: 'auto' },
        callback: { restore: () => Promise.resolve(state) },
      });
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(await second.run.state()).toMatchObject({ position: whole.run.position });
    },
  );

  it('goes on exactly from where maxSteps ended it', async () => {
    const whole = await runTrain({});
    const first = await runTrain({ plan: { lastStep: 7 } });
    const state = await first.run.state();
    const second = await runTrain({
      plan: { resume: 'auto' },
      callback: { restore: () => Promise.resolve(state) },
    });
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
  });

  it('fails on a loss that is not finite, with exit code 3', async () => {
    await expect(runTrain({ lossAt: (n) => (n === 3 ? NaN : 1) })).rejects.toMatchObject({
      code: 'RF-RUN-NON-FINITE-LOSS',
      exitCode: 3,
    });
  });

  it('fails on a validation that is not finite before anything is kept as the best', async () => {
    let kept = false;
    const callback = { validated: () => Promise.resolve(void (kept = true)) };
    await expect(runTrain({ callback, logit: NaN })).rejects.toMatchObject({
      code: 'RF-RUN-NON-FINITE-LOSS',
      exitCode: 3,
    });
    expect(kept).toBe(false);
  });

  it.each(['x.safetensors', 'auto'])('fails when nobody can resume: %s', async (resume) => {
    const running = runTrain({ plan: { resume } });
    await expect(running).rejects.toMatchObject({ code: 'RF-RUN-RESUME' });
  });

  it('starts afresh with auto where nothing was saved', async () => {
    const callback = { restore: () => Promise.resolve(null) };
    const { seen } = await runTrain({ plan: { resume: 'auto' }, callback });
    expect(seen[0]).toMatchObject({ type: 'run-started', resumedFrom: null });
  });

  it.each([
    [2, [2, 0, 0]],
    [5, [0, 0]],
  ])('resumed after batch %i says of which batches an epoch tells', async (batch, firstBatches) => {
    const state = async () => ({
      position: { epoch: 0, batch, step: batch },
      tensors: new Map([['w', { shape: [1], data: Float32Array.of(3) }]]),
      best: null,
    });
    const { seen } = await runTrain({ plan: { resume: 'auto' }, callback: { restore: state } });
    const epochs = seen.filter((event) => event.type === 'epoch-completed');
    expect(epochs.map(({ firstBatch }) => firstBatch)).toEqual(firstBatches);
  });

  it('fails the run when a hook fails', async () => {
    const callback = { epochEnded: () => Promise.reject(new Error('full')) };
    await expect(runTrain({ callback })).rejects.toThrow('full');
  });
});
