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
  InternalError,
  UPDATE_COUNT_NAME,
  parametersOf,
  randomOf,
  sizeOf,
  slotTensorName,
  tensorsOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type TensorSpec,
} from '@refold/graph';
import { evaluateRule } from '../evaluate-rule.js';
import { crossEntropy, oneHot } from '../reference/cross-entropy.js';
import { runGraph } from '../reference/run-graph.js';
import { copyTensors, filledTensor, requireComplete, requireKnown } from './host-tensors.js';

/** Training in float64 arithmetic over float32 state, so that what is read and written back is all there is. */
export class FakeTrainingSession implements TrainingSession {
  readonly gradients: GradientBuckets;
  readonly #graph: Graph;
  readonly #use: TrainingUse;
  readonly #state: Map<string, HostTensor>;
  readonly #parameters: readonly TensorSpec[];
  /** Means over the backward passes since the last update. */
  #gradients = new Map<string, Float32Array>();
  #passes = 0;

  constructor(graph: Graph, use: TrainingUse) {
    requireComplete(use.weights, tensorsOf(graph));
    this.#graph = graph;
    this.#use = use;
    this.#parameters = parametersOf(graph);
    this.#state = copyTensors(use.weights);
    for (const { name, shape } of this.#parameters)
      for (const { name: slot, init } of use.updateRule.slots)
        this.#state.set(slotTensorName(slot, name), filledTensor(shape, sizeOf(shape), init));
    this.#state.set(UPDATE_COUNT_NAME, filledTensor([], 1, 0));
    this.gradients = this.#parameters.toReversed().map((spec) => this.#bucket(spec));
  }

  async backward(batch: LabelledBatch): Promise<StepOutcome> {
    const pass = this.#passes++;
    const forward = runGraph(this.#graph, this.#values(), batch, {
      // By update and pass, not by a counter of its own: a resumed run drops the same.
      random: (node) => randomOf(this.#use.seed, node, this.#updates(), pass),
      group: this.#use.statistics,
    });
    const classes = forward.output.data.length / batch.images;
    const { labelSmoothing, targets } = lossOf(this.#graph);
    const rows =
      targets === 'soft' && batch.targets ? batch.targets : oneHot(batch.labels, classes);
    const { loss, gradient, correct } = crossEntropy(
      forward.output.data,
      rows,
      batch.images,
      labelSmoothing,
    );
    for (const [name, data] of forward.backward(gradient)) {
      const mean = this.#gradients.get(name) ?? new Float32Array(data.length);
      this.#gradients.set(
        name,
        mean.map((g, i) => (g * pass + data[i]!) / (pass + 1)),
      );
    }
    for (const [name, data] of forward.buffers) this.#state.get(name)!.data.set(data);
    return { loss, images: batch.images, correct, forwardMs: 0, backwardMs: 0 };
  }

  async update(rate: number): Promise<void> {
    const { updateRule: rule } = this.#use;
    const step = this.#updates() + 1;
    for (const { name, shape } of this.#parameters) {
      const gradient = this.#gradients.get(name) ?? new Float32Array(sizeOf(shape));
      const slots = rule.slots.map(({ name: slot }) => [
        slot,
        Float64Array.from(this.#state.get(slotTensorName(slot, name))!.data),
      ]);
      const parameter = Float64Array.from(this.#state.get(name)!.data);
      const before = { name, parameter, slots: Object.fromEntries(slots) as never };
      const after = evaluateRule(rule, before, { gradient, rate, step });
      this.#state.get(name)!.data.set(after.parameter);
      for (const [slot, data] of Object.entries(after.slots))
        this.#state.get(slotTensorName(slot, name))!.data.set(data);
    }
    this.#state.get(UPDATE_COUNT_NAME)!.data[0] = step;
    this.#gradients = new Map();
    this.#passes = 0;
  }

  async read(): Promise<NamedTensors> {
    return copyTensors(this.#state);
  }

  async write(tensors: NamedTensors): Promise<void> {
    requireKnown(tensors, this.#state);
    for (const [name, { data }] of tensors) this.#state.get(name)!.data.set(data);
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    return inferLogits(this.#graph, this.#values(), batch);
  }

  async close(): Promise<void> {}

  #updates(): number {
    return this.#state.get(UPDATE_COUNT_NAME)!.data[0]!;
  }

  #values(): Map<string, Float32Array> {
    return new Map([...this.#state].map(([name, { data }]) => [name, data]));
  }

  #bucket({ name, shape }: TensorSpec): GradientBuckets[number] {
    const length = sizeOf(shape);
    return {
      parameters: [{ name, offset: 0, length }],
      length,
      read: async (into = new Float32Array(length)) => {
        into.set(this.#gradients.get(name) ?? new Float32Array(length));
        return into;
      },
      write: async (values, count = 1) =>
        void this.#gradients.set(
          name,
          values.map((sum) => sum / count),
        ),
    };
  }
}

/** Logits of a batch with running statistics and without drop-out. */
export function inferLogits(
  graph: Graph,
  tensors: ReadonlyMap<string, Float32Array>,
  batch: ImageBatch,
): Logits {
  const { data } = runGraph(graph, tensors, batch, 'inference').output;
  return {
    images: batch.images,
    classes: data.length / batch.images,
    data: Float32Array.from(data),
  };
}

function lossOf(graph: Graph) {
  const node = graph.nodes.find(({ name }) => name === graph.loss);
  if (node?.op !== 'softmax_cross_entropy')
    throw new InternalError('A graph without a loss was loaded for training.');
  return node.attrs;
}
