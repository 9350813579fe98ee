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
import { TfjsInferenceSession } from './inference-session.js';
import type { KernelSet } from './kernels/kernel-set.js';
import { portableKernels } from './kernels/portable-kernels.js';
import { startBackend } from './on-backend.js';
import { TfjsTrainingSession } from './training/training-session.js';

export interface TfjsDeviceOptions {
  /** Name under which configurations choose the device. */
  readonly name: string;
  /** What computes, with its version (`TensorFlow 2.21.0`). */
  readonly library: string;
  /** Name of the tfjs backend, as registered with `tf.registerBackend`. */
  readonly backend: string;
  readonly threads: number;
  /** Kernels that this backend does better than the portable compositions. */
  readonly kernels?: Partial<KernelSet>;
  /** Called once, after the last session was closed. */
  readonly close?: () => void | Promise<void>;
}

/**
 * A device that runs any graph on a tfjs backend: float32, activations NHWC on the device, weights in PyTorch's
 * layout at its edges. See docs/guides/write-a-device.md.
 */
export function tfjsDevice(options: TfjsDeviceOptions): Device {
  return new TfjsDevice(options);
}

class TfjsDevice implements Device {
  readonly info: DeviceInfo;
  readonly group = singleReplica;
  readonly #kernels: KernelSet;
  readonly #sessions = new Set<TrainingSession | InferenceSession>();
  #isOpen = true;

  constructor(private readonly options: TfjsDeviceOptions) {
    const { name, library, threads } = options;
    this.info = { name, library, threads, precisions: ['float32'] };
    this.#kernels = portableKernels(options.kernels);
  }

  load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  async load(
    graph: Graph,
    use: InferenceUse | TrainingUse,
  ): Promise<InferenceSession | TrainingSession> {
    if (!this.#isOpen) throw closed('device');
    const { name, precisions } = this.info;
    if (!precisions.includes(use.precision)) {
      throw precisionUnsupported(name, use.precision, precisions);
    }
    if (use.kind === 'training' && graph.loss === undefined) throw lossMissing();
    await startBackend(this.options.backend);
    const { backend } = this.options;
    const forget = (session: TrainingSession | InferenceSession) => {
      this.#sessions.delete(session);
    };
    const session =
      use.kind === 'training'
        ? new TfjsTrainingSession(graph, use, backend, this.#kernels, forget)
        : new TfjsInferenceSession(graph, use, backend, this.#kernels, forget);
    this.#sessions.add(session);
    return session;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const session of [...this.#sessions]) await session.close();
    await this.options.close?.();
  }
}
