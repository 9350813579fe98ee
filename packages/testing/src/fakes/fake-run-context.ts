import { mkdir } from 'node:fs/promises';
import {
  EventChannel,
  type Dataset,
  type Device,
  type RefoldEvent,
  type RunContext,
  type RunPosition,
  type TrainingSession,
  type Validation,
} from '@refold/core';
import { initialise, withLoss } from '@refold/graph';
import { fakeDataset } from './fake-dataset.js';
import { fakeDevice } from './fake-device.js';
import { tinyGraph } from './tiny-graph.js';

/** A run to call hooks with. `position` and `best` are set by the test; the session is real. */
export interface FakeRunContext extends RunContext {
  position: RunPosition;
  best: Validation | null;
  readonly session: TrainingSession;
  readonly channel: EventChannel;
  /** Everything that went through the channel. */
  readonly events: readonly RefoldEvent[];
  /** What was reported, by artefact. */
  readonly reported: Readonly<Record<string, string>>;
}

/**
 * A run of `tinyGraph` on `fakeDataset` by `fakeDevice`, at its beginning: two epochs of three steps, plain SGD.
 *
 * @param outputDir an empty temporary folder, absolute; made where it is missing, as the pipeline does
 */
export async function fakeRunContext(
  outputDir: string,
  given: { readonly device?: Device; readonly dataset?: Dataset } = {},
): Promise<FakeRunContext> {
  await mkdir(outputDir, { recursive: true });
  const dataset = given.dataset ?? fakeDataset();
  const device = given.device ?? fakeDevice();
  const { sample, normalization, classes } = dataset;
  const graph = tinyGraph({ sample, normalization, numClasses: classes.length });
  const session = await device.load(withLoss(graph, { labelSmoothing: 0, targets: 'index' }), {
    kind: 'training',
    batchSize: 8,
    precision: 'float32',
    seed: 42,
    weights: initialise(graph, 42),
    updateRule: momentum,
  });
  const channel = new EventChannel();
  const events: RefoldEvent[] = [];
  channel.observable('fakeRunContext').subscribe((event) => events.push(event));
  const reported: Record<string, string> = {};
  const epochs = 2;
  const stepsPerEpoch = 3;
  const run: FakeRunContext = {
    config: { model: { use: 'tiny' }, epochs, seed: 42 },
    outputDir,
    graph,
    device,
    dataset,
    modelName: 'tiny',
    epochs,
    stepsPerEpoch,
    totalSteps: epochs * stepsPerEpoch,
    position: { epoch: 0, batch: 0, step: 0 },
    best: null,
    session,
    channel,
    events,
    reported,
    async state() {
      return { position: run.position, tensors: await session.read(), best: run.best };
    },
    infer: (batch) => session.infer(batch),
    emit: (event) => channel.emit(event),
    report(artefact, path) {
      reported[artefact] = path;
    },
  };
  return run;
}

/** Momentum 0.9, so that a state has slots. */
const momentum = {
  name: 'momentum',
  slots: [{ name: 'momentum', init: 0 }],
  hyper: { momentum: { value: 0.9 } },
  assignments: [
    {
      target: { slot: 'momentum' },
      value: {
        op: 'add',
        a: { op: 'mul', a: { op: 'hyper', name: 'momentum' }, b: { op: 'slot', slot: 'momentum' } },
        b: { op: 'gradient' },
      },
    },
    {
      target: { parameter: true },
      value: {
        op: 'sub',
        a: { op: 'parameter' },
        b: { op: 'mul', a: { op: 'rate' }, b: { op: 'slot', slot: 'momentum' } },
      },
    },
  ],
} as const;
