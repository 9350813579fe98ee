import {
  GraphBuilder,
  sizeOf,
  type Graph,
  type GraphNode,
  type HostTensor,
  type InputAttrs,
  type OpAttrs,
  type OpName,
  type Value,
} from '@refold/graph';
import { onnxUnsupported } from '../../errors.js';
import type { OnnxAttribute, OnnxNode } from '../onnx-model.js';
import {
  isIdentity,
  mapped,
  near,
  plain,
  type Affine,
  type Constant,
  type Known,
} from './known.js';
import { NodeNames } from './node-names.js';

/** One ONNX node while it is read. */
export interface ReadCall {
  readonly node: OnnxNode;
  /** By position; undefined where an optional input is left out. */
  readonly inputs: readonly (Known | undefined)[];
  readonly reader: NetworkReader;
}

/** A Refold graph that grows while an ONNX graph is read: its builder, weights, and what became of each node. */
export class NetworkReader {
  readonly builder: GraphBuilder;
  readonly names = new NodeNames();
  readonly weights = new Map<string, HostTensor>();
  readonly notes = new Set<string>();
  readonly #made = new Map<string, GraphNode['op']>();
  readonly #inputs = new Map<string, Value>();
  readonly #attrs = new Map<string, unknown>();
  readonly #settled = new Map<string, Value>();
  /** Name of the node that a node stands for, if nobody else uses that one. */
  readonly #replaces = new Map<string, string>();

  constructor(
    readonly path: string,
    readonly input: InputAttrs,
    /** Batch that the file fixes; null where it is open. */
    readonly batch: number | null,
    /** Whether a bias that is added after a layer without one becomes the layer's own. */
    readonly foldBiases = true,
  ) {
    this.builder = new GraphBuilder(input);
  }

  /** Something that the vocabulary has no op for. */
  unsupported(node: OnnxNode, reason: string): never {
    const name = node.name === '' ? (node.outputs[0] ?? '') : node.name;
    throw onnxUnsupported(this.path, name, node.opType, reason);
  }

  add<K extends OpName>(
    op: K,
    name: string,
    inputs: readonly Value[],
    attrs: OpAttrs[K],
    tensors: Readonly<Record<string, HostTensor>> = {},
  ): Value {
    const value = this.builder.node(op, name, inputs, attrs);
    this.#made.set(name, op);
    this.#inputs.set(name, inputs[0]!);
    this.#attrs.set(name, attrs);
    for (const [suffix, tensor] of Object.entries(tensors)) {
      this.weights.set(`${name}.${suffix}`, tensor);
    }
    return value;
  }

  opOf(value: Value): OpName | undefined {
    return this.#made.get(value.name);
  }

  inputOf(value: Value): Value | undefined {
    return this.#inputs.get(value.name);
  }

  attrsOf<K extends OpName>(value: Value, _op: K): OpAttrs[K] {
    return this.#attrs.get(value.name) as OpAttrs[K];
  }

  /** The input at a position as a value that a node can read. */
  value({ node, inputs, reader }: ReadCall, position = 0): Value {
    const known = inputs[position];
    if (known?.kind !== 'affine') return reader.unsupported(node, 'its input is no image');
    return this.settle(node, known);
  }

  /** The input at a position as numbers. */
  constant({ node, inputs, reader }: ReadCall, position: number, what: string): Constant {
    const known = inputs[position];
    if (known?.kind !== 'constant') {
      return reader.unsupported(node, `its ${what} is not constant`);
    }
    return known;
  }

  /** Float numbers as a tensor of this shape. */
  tensor(node: OnnxNode, { data, shape }: Constant, wanted: readonly number[]): HostTensor {
    if (sizeOf(shape) !== sizeOf(wanted)) {
      const [has, needs] = [shape, wanted].map((one) => `[${one.join(', ')}]`);
      this.unsupported(node, `it has weights ${has} where ${needs} fit`);
    }
    return { shape: wanted, data: Float32Array.from(data) };
  }

  /** Puts what is pending on a value into nodes of the graph; the same into the same node. */
  settle(node: OnnxNode, affine: Affine): Value {
    const { base, core, argument, scale, shift } = affine;
    if (core === 'x' && isIdentity(affine)) return base;
    const key = JSON.stringify([base.name, core, argument, scale, shift]);
    const settled = this.#settled.get(key) ?? this.#settle(node, affine);
    this.#settled.set(key, settled);
    return settled;
  }

  #settle(node: OnnxNode, affine: Affine): Value {
    const { base, core, argument = one, scale, shift } = affine;
    if (core === 'x') return this.#settleLine(node, base, scale, shift);
    if (core === 'xerf' || core === 'xhard') {
      const [op, factor] = core === 'xerf' ? (['gelu', 2] as const) : (['hard_swish', 6] as const);
      const value = this.add(op, this.names.name(node), [base], {});
      return this.settle(node, {
        ...plain(value),
        ...mapped({ scale, shift: [0] }, factor),
        shift,
      });
    }
    if (
      core === 'hard' &&
      scale.length === 1 &&
      near(scale[0]!, 1 / 6) &&
      shift.every((s) => s === 0)
    ) {
      const u = this.settle(node, { ...plain(base), ...argument });
      return this.add('hard_sigmoid', this.names.name(node), [u], {});
    }
    if (core === 'hard') {
      const shifted = this.settle(node, { ...plain(base), ...mapped(argument, 1, 3) });
      const value = this.add('relu6', this.names.name(node), [shifted], {});
      return this.settle(node, { ...plain(value), scale, shift });
    }
    return this.unsupported(node, 'an Erf that is no part of a GELU');
  }

  #settleLine(
    node: OnnxNode,
    base: Value,
    scale: readonly number[],
    shift: readonly number[],
  ): Value {
    const [channels = 0] = base.shape;
    const per = (list: readonly number[]) =>
      Float32Array.from({ length: channels }, (_, c) => list[list.length === 1 ? 0 : c]!);
    const [scales, shifts] = [per(scale), per(shift)];
    const name = () => this.names.name(node);
    if (base.name === 'input' && this.input.dtype === 'uint8') {
      if (scales.some((one) => one <= 0))
        this.unsupported(node, 'bytes are scaled by no positive number');
      const std = Array.from(scale, (one) => 1 / (255 * one));
      const mean = Array.from(scales, (one, c) => -shifts[c]! / one / 255);
      const stds = Array.from(scales, (_, c) => std[std.length === 1 ? 0 : c]!);
      return this.add('normalize', name(), [base], { mean, std: stds });
    }
    const folded = this.#foldBack(node, base, scales, shifts);
    if (folded) return folded;
    if (base.shape.length !== 3) this.unsupported(node, 'a vector is scaled or shifted');
    if (shifts.every((one) => one === 0)) {
      const weight = { shape: [channels], data: scales };
      return this.add('scale', name(), [base], { init: 1 }, { weight });
    }
    return this.add(
      'conv2d',
      name(),
      [base],
      { ...pointwise, outChannels: channels, groups: channels, bias: true },
      {
        weight: { shape: [channels, 1, 1, 1], data: scales },
        bias: { shape: [channels], data: shifts },
      },
    );
  }

  /** A bias after a convolution or linear layer that has none becomes the layer's own. */
  #foldBack(
    node: OnnxNode,
    base: Value,
    scales: Float32Array,
    shifts: Float32Array,
  ): Value | undefined {
    const op = this.opOf(base);
    if ((op !== 'linear' && op !== 'conv2d') || scales.some((one) => one !== 1)) return undefined;
    if (!this.foldBiases) return undefined;
    const attrs = this.attrsOf(base, op);
    if (attrs.bias) return undefined;
    const weight = this.weights.get(`${base.name}.weight`)!;
    const bias = { shape: [shifts.length], data: shifts };
    const name = this.names.name(node);
    this.#replaces.set(name, base.name);
    const from = [this.inputOf(base)!];
    return this.add(op, name, from, { ...attrs, bias: true }, { weight, bias });
  }

  /** The graph up to a value, without nodes that it does not need, and its weights. */
  finish(output: Value): { readonly graph: Graph; readonly weights: Map<string, HostTensor> } {
    const all = this.builder.build(output);
    const wanted = new Set([output.name]);
    for (const node of all.nodes.toReversed()) {
      if (wanted.has(node.name)) for (const input of node.inputs) wanted.add(input);
    }
    const builder = new GraphBuilder(this.input);
    const values = new Map<string, Value>([['input', builder.input]]);
    const weights = new Map<string, HostTensor>();
    for (const { op, name, inputs, attrs } of all.nodes.slice(1)) {
      if (!wanted.has(name)) continue;
      const from = inputs.map((input) => values.get(input)!);
      const replaced = this.#replaces.get(name);
      const label = replaced !== undefined && !wanted.has(replaced) ? replaced : name;
      values.set(name, builder.node(op, label, from, attrs));
      for (const suffix of ['weight', 'bias', 'running_mean', 'running_var']) {
        const tensor = this.weights.get(`${name}.${suffix}`);
        if (tensor) weights.set(`${label}.${suffix}`, tensor);
      }
    }
    return { graph: builder.build(values.get(output.name)!), weights };
  }
}

const pointwise = {
  kernel: [1, 1],
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
} as const;

/** The line of a value itself. */
const one = { scale: [1], shift: [0] } as const;

/** Attributes of a node with the defaults that ONNX gives them. */
export function attributesOf({ attributes }: OnnxNode) {
  const of = (key: string): OnnxAttribute | undefined => attributes.get(key);
  return {
    int: (key: string, otherwise: number) => of(key)?.int ?? otherwise,
    float: (key: string, otherwise: number) => of(key)?.float ?? otherwise,
    text: (key: string, otherwise: string) => of(key)?.text ?? otherwise,
    ints: (key: string, otherwise: readonly number[]) => {
      const ints = of(key)?.ints ?? [];
      return ints.length > 0 ? ints : otherwise;
    },
    has: (key: string) => attributes.has(key),
  };
}
