import type {
  CompiledProgram,
  GradientBucket,
  GradientBuckets,
  ImageBatch,
  LabelledBatch,
  Logits,
  StepOutcome,
  TrainingSession,
  TrainingUse,
} from '@refold/core';
import {
  slotTensorName,
  UPDATE_COUNT_NAME,
  type HostTensor,
  type NamedTensors,
  type TensorSpec,
} from '@refold/graph';
import { closed, gradientsMissing, tensorUnknown } from './errors.js';
import { inferInParts } from './inference-session.js';
import type { LoweredGraph } from './lower/lower-graph.js';
import type { NativeSession } from './native/native-addon.js';
import type { NativeProgram } from './native/native-program.js';
import { nativeBatch, nativeTargets } from './native-batch.js';
import { checkTensor, native } from './session-kit.js';

/** A network being trained. Owns the compiled program; every call but `gradients` waits for the ones before it. */
export class OnednnTrainingSession implements TrainingSession {
  readonly compiled: CompiledProgram;
  readonly gradients: GradientBuckets;
  readonly #program: NativeProgram;
  /** In the order of the addon's `read`. */
  readonly #specs: readonly TensorSpec[];
  readonly #indices: ReadonlyMap<string, number>;
  /** Backward passes begun since the last update. */
  #passes = 0;
  /** Updates made. */
  #step = 0;
  #isOpen = true;

  constructor(
    private readonly lowered: LoweredGraph,
    use: TrainingUse,
    private readonly session: NativeSession,
    private readonly onClose: (session: OnednnTrainingSession) => void,
  ) {
    this.compiled = session.compiled;
    const { program, specs } = lowered;
    this.#program = program;
    const parameters = specs.slice(0, program.parameterCount);
    const slots = use.updateRule.slots.flatMap(({ name: slot }) =>
      parameters.map((spec) => ({ ...spec, name: slotTensorName(slot, spec.name) })),
    );
    this.#specs = [...specs, ...slots];
    this.#indices = new Map(this.#specs.map(({ name }, index) => [name, index]));
    this.gradients = program.buckets.map((_, index) => this.#bucket(index));
  }

  async backward(batch: LabelledBatch): Promise<StepOutcome> {
    this.#requireOpen();
    const images = nativeBatch(this.lowered, batch, this.#program.batchSize);
    const targets = nativeTargets(this.#program, batch);
    this.#passes++;
    try {
      const outcome = await native(() => this.session.backward({ ...images, ...targets }));
      const { loss, correct, forwardMs, backwardMs, regionMs } = outcome;
      const regions = this.#program.regions.map((name, i) => ({
        name,
        forwardMs: regionMs[2 * i] as number,
        backwardMs: regionMs[2 * i + 1] as number,
      }));
      return { loss, images: batch.images, correct, forwardMs, backwardMs, regions };
    } catch (error) {
      this.#passes--;
      throw error;
    }
  }

  async update(rate: number): Promise<void> {
    this.#requireOpen();
    this.#requirePass();
    this.#step++;
    this.#passes = 0;
    await native(() => this.session.update(rate, this.#step));
  }

  async read(): Promise<NamedTensors> {
    this.#requireOpen();
    const values = await native(() => this.session.read());
    const tensors = new Map<string, HostTensor>();
    for (const [index, { name, shape }] of this.#specs.entries())
      tensors.set(name, { shape, data: values[index] as Float32Array });
    tensors.set(UPDATE_COUNT_NAME, { shape: [], data: Float32Array.of(this.#step) });
    return tensors;
  }

  async write(tensors: NamedTensors): Promise<void> {
    this.#requireOpen();
    for (const [name, value] of tensors) this.#checkFits(name, value);
    for (const [name, { data }] of tensors) {
      const index = this.#indices.get(name);
      if (index !== undefined) {
        await native(() => this.session.write(index, data));
      } else {
        this.#step = data[0] ?? 0;
        await native(() => this.session.setStep(this.#step));
      }
    }
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    this.#requireOpen();
    return inferInParts(this.lowered, this.session, batch);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.onClose(this);
    await this.session.close();
  }

  #bucket(index: number): GradientBucket {
    const { buckets, parameterCount, tensors } = this.#program;
    let length = 0;
    const parameters = tensors
      .slice(buckets[index], buckets[index + 1] ?? parameterCount)
      .map(({ name, size }) => {
        length += size;
        return { name, offset: length - size, length: size };
      });
    return {
      parameters,
      length,
      read: async () => {
        this.#requireOpen();
        this.#requirePass();
        return native(() => this.session.readBucket(index));
      },
      write: async (values) => {
        this.#requireOpen();
        this.#requirePass();
        if (values.length !== length) {
          const received = `${values.length} values`;
          throw tensorUnknown(`gradients ${index}`, `${length} values`, received);
        }
        await native(() => this.session.writeBucket(index, values));
      },
    };
  }

  #checkFits(name: string, value: HostTensor): void {
    const index = this.#indices.get(name);
    if (index !== undefined) {
      checkTensor(this.#specs[index] as TensorSpec, value);
    } else if (name !== UPDATE_COUNT_NAME) {
      throw tensorUnknown(name, 'a tensor of the network', 'a name that it does not have');
    } else if (value.data.length !== 1) {
      throw tensorUnknown(name, 'one number', `${value.data.length} numbers`);
    }
  }

  #requirePass(): void {
    if (this.#passes === 0) throw gradientsMissing();
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw closed('session');
  }
}
