import {
  singleReplica,
  type Device,
  type DeviceInfo,
  type InferenceSession,
  type InferenceUse,
  type Precision,
  type TrainingSession,
  type TrainingUse,
} from '@refold/core';
import { checkQuantisation, type Graph } from '@refold/graph';
import {
  closed,
  lossMissing,
  outOfMemory,
  precisionUnsupported,
  quantisationMissing,
} from './errors.js';
import { OnednnInferenceSession } from './inference-session.js';
import { lowerGraph } from './lower/lower-graph.js';
import { loadAddon } from './native/load-addon.js';
import type { NativeAddon, NativeSession } from './native/native-addon.js';
import { callNative } from './session/call-native.js';
import { RememberingGroup } from './session/remembering-group.js';
import { TensorTable } from './session/tensor-table.js';
import { OnednnTrainingSession } from './training-session.js';

export interface OnednnDeviceOptions {
  /** Threads that share one step; all cores by default. A process has one engine: the newest device decides. */
  readonly threads?: number;
}

/** Batches are counted in 32 bits. */
const MOST_IMAGES = 2 ** 31 - 1;

/**
 * Compiles whole networks for the CPU: see docs/guides/onednn.md.
 *
 * @throws RefoldError `RF-ONEDNN-NOT-BUILT`, `RF-ONEDNN-NOT-LOADABLE`
 */
export function onednnDevice(options: OnednnDeviceOptions = {}): Device {
  return new OnednnDevice(loadAddon(), options);
}

/** Library, version and what the kernels use, for people: `oneDNN 2.6.3 (avx512_bf16, 2 threads)`. */
export function libraryOf({ onednnVersion, isa }: NativeAddon, threads: number): string {
  return `oneDNN ${onednnVersion} (${isa}, ${threads} thread${threads === 1 ? '' : 's'})`;
}

class OnednnDevice implements Device {
  readonly info: DeviceInfo;
  readonly group = singleReplica;
  readonly #sessions = new Set<TrainingSession | InferenceSession>();
  #closing: Promise<void> | undefined;

  constructor(
    private readonly addon: NativeAddon,
    { threads = addon.threads }: OnednnDeviceOptions,
  ) {
    addon.setThreads(threads);
    this.info = {
      name: 'onednn',
      library: libraryOf(addon, threads),
      threads,
      precisions: ['float32', 'bfloat16', 'int8'],
      compiles: true,
    };
  }

  load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  async load(
    graph: Graph,
    use: InferenceUse | TrainingUse,
  ): Promise<InferenceSession | TrainingSession> {
    if (this.#closing) throw closed('device');
    checkPrecision(graph, use, this.info.precisions);
    if (use.kind === 'training' && graph.loss === undefined) throw lossMissing();
    if (use.batchSize > MOST_IMAGES) throw outOfMemory(`${use.batchSize} images at once`);
    const lowered = lowerGraph(graph, use);
    const values = new TensorTable(graph, lowered).ordered(use.weights);
    const group =
      use.kind === 'training' && use.statistics ? new RememberingGroup(use.statistics) : undefined;
    const native = await callNative(() => this.addon.load(lowered.program, values, group));
    if (use.kind === 'training') await lendGradientMemory(native, use);
    const forget = (one: TrainingSession | InferenceSession) => {
      this.#sessions.delete(one);
    };
    const slots = use.kind === 'training' ? use.updateRule.slots.map(({ name }) => name) : [];
    const session =
      use.kind === 'training'
        ? new OnednnTrainingSession(
            lowered,
            new TensorTable(graph, lowered, slots),
            native,
            forget,
            group,
          )
        : new OnednnInferenceSession(lowered, native, forget);
    this.#sessions.add(session);
    if (!this.#closing) return session;
    await session.close();
    throw closed('device');
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#sessions].map((session) => session.close())).then(
      () => undefined,
    );
    return this.#closing;
  }
}

async function lendGradientMemory(
  native: NativeSession,
  { gradientMemory }: TrainingUse,
): Promise<void> {
  try {
    const memory = (await gradientMemory?.(native.gradientFloats)) ?? null;
    if (memory) native.keepGradientsIn(memory);
  } catch (error) {
    await callNative(() => native.close());
    throw error;
  }
}

/** @throws RefoldError `RF-DEVICE-PRECISION`, `RF-DEVICE-QUANTISATION`, `RF-GRAPH-QUANTISATION` */
function checkPrecision(
  graph: Graph,
  use: InferenceUse | TrainingUse,
  precisions: readonly Precision[],
): void {
  const { precision } = use;
  const possible =
    use.kind === 'training' ? precisions.filter((one) => one !== 'int8') : precisions;
  if (!possible.includes(precision)) throw precisionUnsupported(precision, possible);
  if (use.kind === 'training' || precision !== 'int8') return;
  if (!use.quantisation) throw quantisationMissing();
  checkQuantisation(graph, use.quantisation);
}
