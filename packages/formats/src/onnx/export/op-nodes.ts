import type { Conv2dAttrs, GraphNode, NodeOf, OpName, Pair, SampleShape } from '@refold/graph';
import { ONNX_TYPES } from '../data-types.js';
import type { AttributeValue } from '../message-pieces.js';
import type { Emitter } from './emitter.js';

/** One node of a Refold graph on its way to ONNX. */
export interface OpCall<K extends OpName> {
  readonly node: NodeOf<K>;
  /** Names of the values that go in. */
  readonly inputs: readonly string[];
  /** Name of the value that comes out. */
  readonly output: string;
  /** Of the first input, without the batch. */
  readonly shape: SampleShape;
  /** Name of the value that holds a tensor of the node. */
  readonly tensor: (suffix: string) => string;
  readonly emitter: Emitter;
}

type Emit<K extends OpName> = (call: OpCall<K>) => void;
/** Ops that others stand for: the input is no node, a loss is not shipped, dropping does nothing. */
export type SilentOp = 'input' | 'softmax_cross_entropy' | 'dropout' | 'drop_path';
type Attributes = Readonly<Record<string, AttributeValue>>;

const ints = (...pairs: readonly Pair[]): AttributeValue => ({ ints: pairs.flat() });

/** One ONNX node that has the graph's inputs and these tensors. */
function single<K extends OpName>(
  opType: string,
  attributes: (attrs: NodeOf<K>['attrs'], shape: SampleShape) => Attributes = () => ({}),
  tensors: (attrs: NodeOf<K>['attrs']) => readonly string[] = () => [],
): Emit<K> {
  return ({ node, inputs, output, shape, tensor, emitter }) => {
    emitter.node({
      ...{ opType, name: node.name, output },
      inputs: [...inputs, ...tensors(node.attrs).map(tensor)],
      attributes: attributes(node.attrs, shape),
    });
  };
}

/** `Op(x, x')` with a first step that computes x' from x. */
function gated(first: string, then: string): Emit<'silu'> {
  return ({ node: { name }, inputs, output, emitter }) => {
    const gate = emitter.unique(`${name}.${first.toLowerCase()}`);
    emitter.node({ opType: first, name: gate, inputs, output: gate });
    emitter.node({ opType: then, name, inputs: [inputs[0]!, gate], output });
  };
}

const weightAndBias = ({ bias }: { readonly bias: boolean }) =>
  bias ? ['weight', 'bias'] : ['weight'];

/** Attributes of `Conv`. */
export function convAttributes(attrs: Conv2dAttrs): Attributes {
  const { kernel, stride, padding, dilation, groups } = attrs;
  return {
    kernel_shape: ints(kernel),
    strides: ints(stride),
    pads: ints(padding, padding),
    dilations: ints(dilation),
    group: { int: groups },
  };
}

/** How each op is written in opset 17. */
const emits: { readonly [K in Exclude<OpName, SilentOp>]: Emit<K> } = {
  conv2d: single('Conv', convAttributes, weightAndBias),
  batch_norm: single(
    'BatchNormalization',
    ({ eps, momentum }) => ({ epsilon: { float: eps }, momentum: { float: 1 - momentum } }),
    () => ['weight', 'bias', 'running_mean', 'running_var'],
  ),
  /** Chained sums of two: runtimes know those best. */
  add({ node: { name }, inputs, output, emitter }) {
    inputs.slice(1).reduce((sum, input, i) => {
      const last = i === inputs.length - 2;
      const value = last ? output : emitter.unique(`${name}.sum${i}`);
      return emitter.node({
        ...{ opType: 'Add', name: last ? name : value, inputs: [sum, input], output: value },
      });
    }, inputs[0]!);
  },
  weighted_sum({ node: { name, attrs }, inputs, output, emitter }) {
    const last = inputs.length - 1;
    const named = (i: number, what: string): string =>
      i === last ? output : emitter.unique(`${name}.${what}${i}`);
    const times = (input: string, i: number, value: string): string => {
      const factor = emitter.floats(`${name}.factor${i}`, [], [attrs.factors[i]!]);
      return emitter.node({ opType: 'Mul', name: value, inputs: [input, factor], output: value });
    };
    inputs.reduce((sum, input, i) => {
      const factor = attrs.factors[i]!;
      if (i === 0) {
        return factor === 1 && last > 0 ? input : times(input, i, named(i, 'product'));
      }
      const whole = Math.abs(factor) === 1;
      const term = whole ? input : times(input, i, emitter.unique(`${name}.product${i}`));
      const value = named(i, 'sum');
      const opType = factor === -1 ? 'Sub' : 'Add';
      return emitter.node({ opType, name: value, inputs: [sum, term], output: value });
    }, '');
  },
  mul: single('Mul'),
  concat: single('Concat', () => ({ axis: { int: 1 } })),
  scale: single('Mul', undefined, () => ['weight']),
  relu: single('Relu'),
  relu6({ node: { name }, inputs, output, emitter }) {
    const [low, high] = [
      emitter.floats(`${name}.min`, [], [0]),
      emitter.floats(`${name}.max`, [], [6]),
    ];
    emitter.node({ opType: 'Clip', name, inputs: [inputs[0]!, low, high], output });
  },
  silu: gated('Sigmoid', 'Mul'),
  /** x / 2 · (1 + erf(x / √2)): ONNX has an op for it from opset 20 only. */
  gelu({ node: { name }, inputs, output, emitter }) {
    const [x] = inputs as [string];
    const step = (opType: string, suffix: string, others: readonly string[]): string => {
      const value = emitter.unique(`${name}.${suffix}`);
      return emitter.node({ opType, name: value, inputs: others, output: value });
    };
    const constant = (suffix: string, value: number) =>
      emitter.floats(`${name}.${suffix}`, [], [value]);
    const scaled = step('Div', 'scaled', [x, constant('sqrt2', Math.SQRT2)]);
    const shifted = step('Add', 'shifted', [step('Erf', 'erf', [scaled]), constant('one', 1)]);
    const product = step('Mul', 'product', [x, shifted]);
    emitter.node({
      ...{ opType: 'Mul', name, inputs: [product, constant('half', 0.5)], output },
    });
  },
  sigmoid: single('Sigmoid'),
  hard_sigmoid: single('HardSigmoid', () => ({ alpha: { float: 1 / 6 }, beta: { float: 0.5 } })),
  hard_swish: single('HardSwish'),
  avg_pool: single('AveragePool', ({ kernel, stride, padding, countIncludePad }) => ({
    kernel_shape: ints(kernel),
    strides: ints(stride),
    pads: ints(padding, padding),
    count_include_pad: { int: countIncludePad ? 1 : 0 },
  })),
  max_pool: single('MaxPool', ({ kernel, stride, padding }) => ({
    kernel_shape: ints(kernel),
    strides: ints(stride),
    pads: ints(padding, padding),
  })),
  global_avg_pool: single('GlobalAveragePool'),
  flatten: single('Flatten', () => ({ axis: { int: 1 } })),
  linear: single('Gemm', () => ({ transB: { int: 1 } }), weightAndBias),
  /** (x / 255 − mean) / std as one product and one sum per channel. */
  normalize({ node: { name, attrs }, inputs, output, emitter }) {
    const shape = [1, attrs.std.length, 1, 1];
    const scale = emitter.floats(
      `${name}.scale`,
      shape,
      attrs.std.map((std) => 1 / (255 * std)),
    );
    const shift = emitter.floats(
      `${name}.shift`,
      shape,
      attrs.std.map((std, c) => -attrs.mean[c]! / std),
    );
    const floats = emitter.unique(`${name}.float`);
    const attributes = { to: { int: ONNX_TYPES.F32 } };
    emitter.node({ opType: 'Cast', name: floats, inputs, output: floats, attributes });
    const scaled = emitter.unique(`${name}.scaled`);
    emitter.node({ opType: 'Mul', name: scaled, inputs: [floats, scale], output: scaled });
    emitter.node({ opType: 'Add', name, inputs: [scaled, shift], output });
  },
};

/** Writes one node of a Refold graph as nodes of ONNX. */
export function emitOp<K extends Exclude<OpName, SilentOp>>(call: OpCall<K>): void {
  const emit: Emit<K> = emits[call.node.op];
  emit(call);
}

/** True for ops that leave no node. */
export function isSilent(node: GraphNode): node is Extract<GraphNode, { op: SilentOp }> {
  return !Object.hasOwn(emits, node.op);
}
