import type {
  GradientBuckets,
  ImageBatch,
  LabelledBatch,
  Logits,
  StepOutcome,
  TrainingSession,
  TrainingUse,
} from '@refold/core';
import {
  UPDATE_COUNT_NAME,
  randomOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type SoftmaxCrossEntropyAttrs,
  type TensorSpec,
} from '@refold/graph';
import { tensor, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core';
import { closed, lossMissing, tensorUnknown } from '../errors.js';
import { runInference } from '../inference-session.js';
import type { KernelSet } from '../kernels/kernel-set.js';
import { onBackend } from '../on-backend.js';
import { batchValues } from '../program/batch-values.js';
import { compileProgram, type Program } from '../program/compile-program.js';
import { runBackward } from '../program/run-backward.js';
import {
  disposeTrace,
  runForward,
  type RunEnvironment,
  type Trace,
} from '../program/run-forward.js';
import { WeightStore } from '../weights/weight-store.js';
import { yieldToEventLoop } from '../yield-to-event-loop.js';
import { crossEntropy } from './cross-entropy.js';
import { GradientStore } from './gradient-store.js';
import { moveStatistics } from './move-statistics.js';
import { RuleState } from './rule-state.js';

/** A network being trained on one tfjs backend. Owns every tensor it makes; `close` disposes them. */
export class TfjsTrainingSession implements TrainingSession {
  readonly gradients: GradientBuckets;
  readonly #training: Program;
  readonly #inference: Program;
  readonly #loss: SoftmaxCrossEntropyAttrs;
  readonly #weights: WeightStore;
  readonly #gradients: GradientStore;
  readonly #rule: RuleState;
  readonly #momenta: ReadonlyMap<string, number>;
  readonly #environment: RunEnvironment;
  #isOpen = true;

  constructor(
    graph: Graph,
    private readonly use: TrainingUse,
    private readonly backend: string,
    kernels: KernelSet,
    private readonly onClose: (session: TfjsTrainingSession) => void,
  ) {
    const loss = graph.nodes.find(({ name }) => name === graph.loss);
    if (loss?.op !== 'softmax_cross_entropy') throw lossMissing();
    this.#loss = loss.attrs;
    this.#training = compileProgram(graph, loss.inputs[0] ?? graph.output);
    this.#inference = compileProgram(graph, graph.output);
    this.#weights = onBackend(backend, () => new WeightStore(graph, use.weights));
    const parameters = parametersLastFirst(this.#training, this.#weights);
    this.#gradients = new GradientStore(parameters, this.#weights, backend);
    this.#rule = onBackend(
      backend,
      () => new RuleState(use.updateRule, parameters.toReversed(), this.#weights),
    );
    this.gradients = [this.#gradients.bucket];
    this.#momenta = new Map(
      graph.nodes.flatMap((node) =>
        node.op === 'batch_norm' ? [[node.name, node.attrs.momentum] as const] : [],
      ),
    );
    this.#environment = {
      kernels,
      group: use.statistics,
      tensor: (name) => this.#weights.get(name),
      random: (node) => randomOf(use.seed, 'drop', this.#rule.step, this.#gradients.passes, node),
    };
  }

  async backward(batch: LabelledBatch): Promise<StepOutcome> {
    this.#requireOpen();
    const started = performance.now();
    const { values, shape } = batchValues(this.#training, batch, this.use.batchSize);
    const { output, trace } = onBackend(this.backend, () =>
      runForward(this.#training, tensor(values, shape as number[]), this.#environment, true),
    );
    const { loss, correct, dLogits } = await this.#lossOf(output, trace, batch);
    const between = performance.now();
    onBackend(this.backend, () => {
      const dOutput = tensor2d(dLogits, [batch.images, this.#training.outputSize]);
      runBackward(this.#training, trace, dOutput, this.#environment, (name, gradient) => {
        this.#gradients.receive(name, gradient);
      });
    });
    await moveStatistics(trace.statistics, this.#weights, this.#momenta, this.backend);
    this.#gradients.endPass();
    const ended = performance.now();
    await yieldToEventLoop();
    return {
      loss,
      images: batch.images,
      correct,
      forwardMs: between - started,
      backwardMs: ended - between,
    };
  }

  async update(rate: number): Promise<void> {
    this.#requireOpen();
    this.#gradients.requirePass();
    onBackend(this.backend, () => {
      this.#rule.update(this.#gradients, rate);
      this.#gradients.clear();
    });
    await yieldToEventLoop();
  }

  async read(): Promise<NamedTensors> {
    this.#requireOpen();
    const tensors = new Map<string, HostTensor>();
    for (const name of this.#weights.specs.keys()) {
      tensors.set(name, await this.#weights.read(name));
    }
    for (const { name, parameter, tensor: slot } of this.#rule.slots()) {
      tensors.set(name, await this.#weights.download(parameter, slot));
    }
    tensors.set(UPDATE_COUNT_NAME, { shape: [], data: Float32Array.of(this.#rule.step) });
    return tensors;
  }

  async write(tensors: NamedTensors): Promise<void> {
    this.#requireOpen();
    for (const [name, value] of tensors) this.#checkFits(name, value);
    onBackend(this.backend, () => {
      for (const [name, value] of tensors) {
        const parameter = this.#rule.owner(name);
        if (name === UPDATE_COUNT_NAME) this.#rule.step = value.data[0] ?? 0;
        else if (parameter) this.#rule.replace(name, this.#weights.upload(parameter, value.data));
        else this.#weights.write(name, value);
      }
    });
    await yieldToEventLoop();
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    this.#requireOpen();
    return runInference(this.#inference, batch, this.#environment, this.backend);
  }

  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#gradients.clear();
      this.#rule.dispose();
      this.#weights.dispose();
      this.onClose(this);
    }
    return Promise.resolve();
  }

  async #lossOf(output: Tensor2D, trace: Trace, batch: LabelledBatch) {
    try {
      const logits = (await output.data()) as Float32Array;
      return crossEntropy(logits, this.#training.outputSize, batch, this.#loss);
    } catch (error) {
      disposeTrace(trace);
      throw error;
    } finally {
      trace.holds.drop(output);
    }
  }

  #checkFits(name: string, value: HostTensor): void {
    const parameter = this.#rule.owner(name);
    if (parameter) {
      this.#weights.checkFits(parameter, value);
    } else if (name !== UPDATE_COUNT_NAME) {
      this.#weights.checkFits(name, value);
    } else if (value.data.length !== 1) {
      throw tensorUnknown(name, 'one number', `${value.data.length} numbers`);
    }
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw closed('session');
  }
}

/** Parameters in the order in which backward finishes them; those that the loss does not depend on come last. */
function parametersLastFirst(program: Program, weights: WeightStore): readonly TensorSpec[] {
  const reached = program.steps
    .toReversed()
    .flatMap(({ tensorNames }) => Object.values(tensorNames))
    .map((name) => weights.specs.get(name))
    .filter((spec): spec is TensorSpec => spec?.kind === 'parameter');
  const rest = [...weights.specs.values()].filter(
    (spec) => spec.kind === 'parameter' && !reached.includes(spec),
  );
  return [...reached, ...rest];
}
