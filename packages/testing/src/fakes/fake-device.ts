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
import { requireComplete } from './host-tensors.js';

/** A device in plain JavaScript that keeps a list of what was asked of it. */
export interface FakeDevice extends Device {
  /** Names of the calls so far, in order: `load training`, `backward`, `update 0.1`, `infer 16`, `close`. */
  readonly calls: readonly string[];
}

/**
 * A complete, deterministic device for tests of everything but devices: it computes every graph in float64, by plain
 * loops, and stores float32. Right but slow: use it with networks of a few thousand numbers.
 * It is also the reference that `describeDevice` measures other devices against.
 */
export function fakeDevice(): FakeDevice {
  const calls: string[] = [];
  function load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  function load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  async function load(
    graph: Graph,
    use: InferenceUse | TrainingUse,
  ): Promise<InferenceSession | TrainingSession> {
    calls.push(`load ${use.kind}`);
    return use.kind === 'training'
      ? recorded(new FakeTrainingSession(graph, use), calls)
      : inferenceSession(graph, use, calls);
  }
  return {
    calls,
    info: { name: 'fake', library: 'plain JavaScript', threads: 1, precisions: ['float32'] },
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

function recorded(session: TrainingSession, calls: string[]): TrainingSession {
  const note = <T>(call: string, result: T): T => {
    calls.push(call);
    return result;
  };
  return {
    gradients: session.gradients,
    backward: (batch) => note('backward', session.backward(batch)),
    update: (rate) => note(`update ${rate}`, session.update(rate)),
    read: () => note('read', session.read()),
    write: (tensors) => note('write', session.write(tensors)),
    infer: (batch) => note(`infer ${batch.images}`, session.infer(batch)),
    close: () => note('close session', session.close()),
  };
}
