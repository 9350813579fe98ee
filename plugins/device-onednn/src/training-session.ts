import type {
  CompiledProgram,
  GradientBuckets,
  ImageBatch,
  LabelledBatch,
  Logits,
  StepOutcome,
  TrainingSession,
} from '@refold/core';
import { UPDATE_COUNT_NAME, type NamedTensors } from '@refold/graph';
import { closed, tensorUnknown } from './errors.js';
import type { LoweredGraph } from './lower/lower-graph.js';
import type { NativeSession } from './native/native-addon.js';
import { BackwardPasses } from './session/backward-passes.js';
import { callNative } from './session/call-native.js';
import { gradientBuckets } from './session/gradient-buckets.js';
import { inferInParts } from './session/infer-in-parts.js';
import { nativeBatch } from './session/native-batch.js';
import { nativeTargets } from './session/native-targets.js';
import type { RememberingGroup } from './session/remembering-group.js';
import type { TensorTable } from './session/tensor-table.js';

/** A network being trained. Owns the compiled program; the addon carries calls out one after the other. */
export class OnednnTrainingSession implements TrainingSession {
  readonly compiled: CompiledProgram;
  readonly gradients: GradientBuckets;
  readonly #passes = new BackwardPasses();
  /** Updates made. */
  #step = 0;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly lowered: LoweredGraph,
    private readonly tensors: TensorTable,
    private readonly session: NativeSession,
    private readonly onClose: (session: OnednnTrainingSession) => void,
    private readonly group?: RememberingGroup,
  ) {
    this.compiled = session.compiled;
    const requireOpen = () => this.#requireOpen();
    this.gradients = gradientBuckets(lowered.program, session, this.#passes, requireOpen);
  }

  async backward(batch: LabelledBatch): Promise<StepOutcome> {
    this.#requireOpen();
    const { program, classes } = this.lowered;
    const images = nativeBatch(this.lowered, batch, program.batchSize);
    const targets = nativeTargets(batch, classes, program.loss?.soft ?? false);
    const { loss, correct, forwardMs, backwardMs, regionMs } = await this.#passes.run(() =>
      callNative(() => this.session.backward({ ...images, ...targets })).catch((error: unknown) => {
        throw this.group?.failure ?? error;
      }),
    );
    const regions = program.regions.map((name, i) => ({
      name,
      forwardMs: regionMs[2 * i] as number,
      backwardMs: regionMs[2 * i + 1] as number,
    }));
    return { loss, images: batch.images, correct, forwardMs, backwardMs, regions };
  }

  async update(rate: number): Promise<void> {
    this.#requireOpen();
    this.#passes.require();
    this.#passes.clear();
    this.#step++;
    await callNative(() => this.session.update(rate, this.#step));
  }

  async read(): Promise<NamedTensors> {
    this.#requireOpen();
    const values = await callNative(() => this.session.read());
    const count = { shape: [], data: Float32Array.of(this.#step) };
    return this.tensors.named(values).set(UPDATE_COUNT_NAME, count);
  }

  async write(tensors: NamedTensors): Promise<void> {
    this.#requireOpen();
    for (const [name, tensor] of tensors) {
      if (name !== UPDATE_COUNT_NAME) this.tensors.checkFits(name, tensor);
      else if (tensor.data.length !== 1)
        throw tensorUnknown(name, 'one number', `${tensor.data.length} numbers`);
    }
    const writes = [...tensors].map(([name, { data }]) => {
      const index = this.tensors.indexOf(name);
      if (index !== undefined) return callNative(() => this.session.write(index, data));
      this.#step = data[0] ?? 0;
      return callNative(() => this.session.setStep(this.#step));
    });
    await Promise.all(writes);
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    this.#requireOpen();
    return inferInParts(this.lowered, this.session, batch);
  }

  close(): Promise<void> {
    this.#closing ??= callNative(() => this.session.close());
    this.onClose(this);
    return this.#closing;
  }

  #requireOpen(): void {
    if (this.#closing) throw closed('session');
  }
}
