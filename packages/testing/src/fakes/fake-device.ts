import {
  singleReplica,
  type Device,
  type InferenceSession,
  type InferenceUse,
  type TrainingSession,
  type TrainingUse,
} from '@refold/core';
import { tensorsOf, type Graph } from '@refold/graph';
import { FakeTrainingSession, inferLogits } from './fake-training-session.js';
import { fakeProgram, fakeRegions } from './fake-program.js';
import { requireComplete } from './host-tensors.js';

/** A device in plain JavaScript that keeps a list of what was asked of it. */
export interface FakeDevice extends Device {
  /** Names of the calls so far, in order: `load training`, `backward`, `update 0.1`, `infer 16`, `close`. */
  readonly calls: readonly string[];
}

export interface FakeDeviceOptions {
  /** Whether it says what it compiled and where the time of a step goes (made up), as a device for whole graphs does. */
  readonly compiles?: boolean;
}

/**
 * A complete, deterministic device for tests of everything but devices: it computes every graph in float64, by plain
 * loops, and stores float32. Right but slow: use it with networks of a few thousand numbers.
 * It is also the reference that `describeDevice` measures other devices against.
 */
export function fakeDevice({ compiles = false }: FakeDeviceOptions = {}): FakeDevice {
  const calls: string[] = [];
  function load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  function load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  async function load(
    graph: Graph,
    use: InferenceUse | TrainingUse,
  ): Promise<InferenceSession | TrainingSession> {
    calls.push(`load ${use.kind}`);
    const session =
      use.kind === 'training'
        ? recorded(new FakeTrainingSession(graph, use), calls, compiles ? graph : null)
        : inferenceSession(graph, use, calls);
    return compiles ? { ...session, compiled: fakeProgram(graph, use) } : session;
  }
  return {
    calls,
    info: {
      name: 'fake',
      library: 'plain JavaScript',
      threads: 1,
      precisions: ['float32'],
      ...(compiles && { compiles }),
    },
    group: singleReplica,
    load,
    close: async () => void calls.push('close'),
  };
}

function inferenceSession(graph: Graph, use: InferenceUse, calls: string[]): InferenceSession {
  requireComplete(use.weights, tensorsOf(graph));
  const weights = new Map([...use.weights].map(([name, { data }]) => [name, data.slice()]));
  return {
    async infer(batch) {
      calls.push(`infer ${batch.images}`);
      return inferLogits(graph, weights, batch);
    },
    close: async () => void calls.push('close session'),
  };
}

/** @param timed graph whose regions each backward pass tells of; null for none */
function recorded(session: TrainingSession, calls: string[], timed: Graph | null): TrainingSession {
  const regions = timed ? { regions: fakeRegions(timed) } : {};
  const note = <T>(call: string, result: T): T => {
    calls.push(call);
    return result;
  };
  return {
    gradients: session.gradients,
    backward: async (batch) => ({
      ...(await note('backward', session.backward(batch))),
      ...regions,
    }),
    update: (rate) => note(`update ${rate}`, session.update(rate)),
    read: () => note('read', session.read()),
    write: (tensors) => note('write', session.write(tensors)),
    infer: (batch) => note(`infer ${batch.images}`, session.infer(batch)),
    close: () => note('close session', session.close()),
  };
}
