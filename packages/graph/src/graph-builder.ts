import { badLoss, duplicateName, misplacedInput, unknownInput } from './errors.js';
import type { Graph, GraphNode } from './graph.js';
import type {
  AvgPoolAttrs,
  BatchNormAttrs,
  Conv2dAttrs,
  InputAttrs,
  OpAttrs,
  OpName,
  Pair,
  PoolAttrs,
} from './op-attrs.js';
import { makeNode } from './make-node.js';
import { nodeShape } from './node-rules.js';
import type { SampleShape } from './tensor.js';

/** A value in a graph under construction: the node that makes it and its per-sample shape. */
export interface Value {
  readonly name: string;
  readonly shape: SampleShape;
}

/** A number stands for both directions. */
export type PairLike = number | Pair;
const pairOf = (x: PairLike): Pair => (typeof x === 'number' ? [x, x] : x);

export interface Conv2dOptions {
  readonly outChannels: number;
  readonly kernel: PairLike;
  /** Default 1. */
  readonly stride?: PairLike;
  /** Zeros before and after, default 0. */
  readonly padding?: PairLike;
  readonly dilation?: PairLike;
  readonly groups?: number;
  readonly bias?: boolean;
  /** Default He normal by fan-out. */
  readonly init?: 'identity';
}

/**
 * Builds a {@link Graph} node by node, checking names, attributes and shapes at once, so that a graph
 * that exists is a valid one.
 *
 * @throws RefoldError `RF-GRAPH-DUPLICATE-NAME`, `RF-GRAPH-UNKNOWN-INPUT`, `RF-GRAPH-INPUT`, `RF-GRAPH-ATTRS`,
 * `RF-GRAPH-SHAPE`, `RF-GRAPH-LOSS`
 */
export class GraphBuilder {
  /** The graph's input, named `input`. */
  readonly input: Value;
  readonly #nodes: GraphNode[] = [];
  readonly #shapes = new Map<string, SampleShape>();

  constructor(input: InputAttrs) {
    this.input = this.node('input', 'input', [], input);
  }

  /** Adds any op. The named methods below are short forms of this one. */
  node<K extends OpName>(op: K, name: string, inputs: readonly Value[], attrs: OpAttrs[K]): Value {
    if (this.#shapes.has(name)) throw duplicateName(name);
    if ((op === 'input') !== (this.#nodes.length === 0)) throw misplacedInput(name);
    const shapes = inputs.map((input) => this.#shapes.get(input.name) ?? unknown(name, input.name));
    const node = makeNode(
      op,
      name,
      inputs.map((input) => input.name),
      attrs,
    );
    const shape = nodeShape(node, shapes);
    this.#nodes.push(node);
    this.#shapes.set(name, shape);
    return { name, shape };
  }

  conv2d(name: string, x: Value, options: Conv2dOptions): Value {
    const attrs: Conv2dAttrs = {
      outChannels: options.outChannels,
      kernel: pairOf(options.kernel),
      stride: pairOf(options.stride ?? 1),
      padding: pairOf(options.padding ?? 0),
      dilation: pairOf(options.dilation ?? 1),
      groups: options.groups ?? 1,
      bias: options.bias ?? false,
      ...(options.init && { init: options.init }),
    };
    return this.node('conv2d', name, [x], attrs);
  }

  /** PyTorch's defaults: eps 1e-5, momentum 0.1. */
  batchNorm(name: string, x: Value, options: Partial<BatchNormAttrs> = {}): Value {
    const { eps = 1e-5, momentum = 0.1, init } = options;
    return this.node('batch_norm', name, [x], { eps, momentum, ...(init && { init }) });
  }

  add(name: string, values: readonly Value[]): Value {
    return this.node('add', name, values, {});
  }

  /** Σ factor · value: `[[1, a], [-1, b]]` is a − b. */
  weightedSum(name: string, terms: readonly (readonly [factor: number, value: Value])[]): Value {
    const factors = terms.map(([factor]) => factor);
    return this.node(
      'weighted_sum',
      name,
      terms.map(([, value]) => value),
      { factors },
    );
  }

  mul(name: string, a: Value, b: Value): Value {
    return this.node('mul', name, [a, b], {});
  }

  /** A parameterless elementwise op. */
  activation(
    op: 'relu' | 'relu6' | 'silu' | 'gelu' | 'sigmoid' | 'hard_sigmoid' | 'hard_swish',
    name: string,
    x: Value,
  ): Value {
    return this.node(op, name, [x], {});
  }

  avgPool(
    name: string,
    x: Value,
    options: { kernel: PairLike; stride?: PairLike; padding?: PairLike; countIncludePad?: boolean },
  ): Value {
    const attrs: AvgPoolAttrs = {
      ...poolAttrs(options),
      countIncludePad: options.countIncludePad ?? true,
    };
    return this.node('avg_pool', name, [x], attrs);
  }

  maxPool(
    name: string,
    x: Value,
    options: { kernel: PairLike; stride?: PairLike; padding?: PairLike },
  ): Value {
    return this.node('max_pool', name, [x], poolAttrs(options));
  }

  globalAvgPool(name: string, x: Value): Value {
    return this.node('global_avg_pool', name, [x], {});
  }

  flatten(name: string, x: Value): Value {
    return this.node('flatten', name, [x], {});
  }

  linear(name: string, x: Value, options: { outFeatures: number; bias?: boolean }): Value {
    return this.node('linear', name, [x], {
      outFeatures: options.outFeatures,
      bias: options.bias ?? true,
    });
  }

  /**
   * The finished graph. The builder may go on after it; the graph does not change.
   *
   * @param output the network's answer, usually logits
   * @param loss a `softmax_cross_entropy` of the output, for a graph to train (see `withLoss`)
   */
  build(output: Value, loss?: Value): Graph {
    if (!this.#shapes.has(output.name)) throw unknownInput('output', output.name);
    const graph = {
      version: 1,
      nodes: Object.freeze([...this.#nodes]),
      output: output.name,
    } as const;
    if (!loss) return Object.freeze(graph);
    const node = this.#nodes.find(({ name }) => name === loss.name);
    if (node?.op !== 'softmax_cross_entropy' || node.inputs[0] !== output.name) {
      throw badLoss(loss.name);
    }
    return Object.freeze({ ...graph, loss: loss.name });
  }
}

function poolAttrs(options: {
  kernel: PairLike;
  stride?: PairLike;
  padding?: PairLike;
}): PoolAttrs {
  const kernel = pairOf(options.kernel);
  return {
    kernel,
    stride: pairOf(options.stride ?? kernel),
    padding: pairOf(options.padding ?? 0),
  };
}

function unknown(node: string, input: string): never {
  throw unknownInput(node, input);
}
