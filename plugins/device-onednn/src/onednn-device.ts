import {
  singleReplica,
  type Device,
  type DeviceInfo,
  type InferenceSession,
  type InferenceUse,
  type TrainingSession,
  type TrainingUse,
} from '@refold/core';
import type { Graph } from '@refold/graph';
import { closed, lossMissing, precisionUnsupported } from './errors.js';
import { OnednnInferenceSession } from './inference-session.js';
import { lowerGraph } from './lower/lower-graph.js';
import { loadAddon } from './native/load-addon.js';
import type { NativeAddon } from './native/native-addon.js';
import { OnednnTrainingSession } from './training-session.js';
import { native, orderWeights } from './session-kit.js';

export interface OnednnDeviceOptions {
  /** Threads that share one step; all cores by default. One number for all devices of a process. */
  readonly threads?: number;
}

/**
 * Compiles whole networks for the CPU: see docs/guides/onednn.md.
 *
 * @throws RefoldError `RF-DEVICE-BACKEND` where the addon is not there
 */
export function onednnDevice(options: OnednnDeviceOptions = {}): Device {
  return new OnednnDevice(loadAddon(), options);
}

/** `oneDNN 2.6.3 (avx512_bf16)`. */
export function libraryOf({ onednnVersion, isa }: NativeAddon): string {
  return `oneDNN ${onednnVersion} (${isa})`;
}

class OnednnDevice implements Device {
  readonly info: DeviceInfo;
  readonly group = singleReplica;
  readonly #sessions = new Set<TrainingSession | InferenceSession>();
  #isOpen = true;

  constructor(
    private readonly addon: NativeAddon,
    { threads }: OnednnDeviceOptions,
  ) {
    if (threads !== undefined) addon.setThreads(threads);
    this.info = {
      name: 'onednn',
      library: libraryOf(addon),
      threads: threads ?? addon.threads,
      precisions: ['float32', 'bfloat16'],
      compiles: true,
    };
  }

  load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  async load(
    graph: Graph,
    use: InferenceUse | TrainingUse,
  ): Promise<InferenceSession | TrainingSession> {
    if (!this.#isOpen) throw closed('device');
    const { precisions } = this.info;
    if (!precisions.includes(use.precision)) throw precisionUnsupported(use.precision, precisions);
    if (use.kind === 'training' && graph.loss === undefined) throw lossMissing();
    // The addon counts images in 32 bits; so many fit into no memory.
    const batchSize = Math.min(use.batchSize, 2 ** 31 - 1);
    const lowered = lowerGraph(graph, { ...use, batchSize });
    const weights = orderWeights(lowered.specs, use.weights);
    const session = await native(() => this.addon.load(lowered.program, weights));
    if (!this.#isOpen) {
      await session.close();
      throw closed('device');
    }
    const forget = (one: TrainingSession | InferenceSession) => {
      this.#sessions.delete(one);
    };
    const made =
      use.kind === 'training'
        ? new OnednnTrainingSession(lowered, use, session, forget)
        : new OnednnInferenceSession(lowered, session, forget);
    this.#sessions.add(made);
    return made;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const session of [...this.#sessions]) await session.close();
  }
}
