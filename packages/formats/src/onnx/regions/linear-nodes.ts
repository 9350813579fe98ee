import type { OnnxModel, OnnxNode, OnnxTensor } from '../onnx-model.js';
import { attributesOf } from '../import/network-reader.js';

/** A node that is linear in its image inputs, and the same at every place of the image. */
export interface LinearNode {
  readonly index: number;
  readonly node: OnnxNode;
  /** Values of the network that go in. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Constants by the position of the input. */
  readonly constants: ReadonlyMap<number, ConstantShape>;
}

/** What is known of a constant before it is read. */
export interface ConstantShape {
  readonly shape: readonly number[];
  /** `TensorProto.DataType` */
  readonly dataType: number;
}

const FLOAT = 1;

/**
 * Constants of a model by name: initializers that nobody can override, what `Constant` nodes hold, and either under the
 * names that `Identity` gives them (PyTorch's exporter writes equal tensors once).
 */
export function constantTensors({ graph, irVersion }: OnnxModel): Map<string, OnnxTensor> {
  const constants = new Map<string, OnnxTensor>();
  // From IR version 4 on an initializer that is an input too is only that input's default.
  const given = new Set(irVersion >= 4 ? graph.inputs.map(({ name }) => name) : []);
  for (const [name, tensor] of graph.initializers) {
    if (!given.has(name)) constants.set(name, tensor);
  }
  for (const { opType, domain, inputs, outputs, attributes } of graph.nodes) {
    if (domain !== '' || (opType !== 'Constant' && opType !== 'Identity')) continue;
    const tensor =
      opType === 'Constant' ? attributes.get('value')?.tensor : constants.get(inputs[0] ?? '');
    if (tensor) constants.set(outputs[0] ?? '', tensor);
  }
  return constants;
}

/** The node as a linear one; undefined for every other node. */
export function linearNode(
  index: number,
  node: OnnxNode,
  constants: ReadonlyMap<string, ConstantShape>,
): LinearNode | undefined {
  const { opType, domain, inputs, outputs } = node;
  if (domain !== '' || [...node.attributes.values()].some(({ reference }) => reference)) {
    return undefined;
  }
  const [output = '', ...more] = outputs;
  if (output === '' || more.some((name) => name !== '')) return undefined;
  const own = new Map<number, ConstantShape>();
  for (const [i, name] of inputs.entries()) {
    const constant = constants.get(name);
    if (constant) own.set(i, constant);
  }
  const data = inputs.filter((name, i) => name !== '' && !own.has(i));
  const made: LinearNode = { index, node, inputs: data, output, constants: own };
  return LINEAR[opType]?.(made) ? made : undefined;
}

type Test = (node: LinearNode) => boolean;

/** The first input is an image, all others are constants of float32. */
const onImage: Test = ({ node, inputs, constants }) =>
  inputs.length === 1 &&
  inputs[0] === node.inputs[0] &&
  [...constants.values()].every(({ dataType }) => dataType === FLOAT);

const perChannel = ({ shape, dataType }: ConstantShape): boolean => {
  const channels = shape.length >= 3 ? shape.at(-3)! : 1;
  const elements = shape.reduce((product, size) => product * size, 1);
  return dataType === FLOAT && shape.length <= 4 && elements === channels;
};

const values: Test = ({ inputs, constants }) => inputs.length >= 2 && constants.size === 0;

/** One image and one number, or one number per channel. */
const withConstant: Test = ({ inputs, constants }) =>
  inputs.length === 1 && constants.size === 1 && [...constants.values()].every(perChannel);

const LINEAR: Readonly<Record<string, Test | undefined>> = {
  Conv: (node) => {
    const { text } = attributesOf(node.node);
    const auto = text('auto_pad', 'NOTSET');
    const weight = node.constants.get(1);
    return onImage(node) && weight?.shape.length === 4 && (auto === 'NOTSET' || auto === 'VALID');
  },
  BatchNormalization: (node) => {
    const { int } = attributesOf(node.node);
    const inference = int('training_mode', 0) === 0 && int('spatial', 1) !== 0;
    return onImage(node) && node.constants.size === 4 && inference;
  },
  Add: (node) => values(node) || withConstant(node),
  Sub: (node) => values(node) || withConstant(node),
  Mul: withConstant,
  Div: (node) => withConstant(node) && node.inputs[0] === node.node.inputs[0],
  Sum: values,
  Concat: (node) => values(node) && attributesOf(node.node).int('axis', 0) === 1,
  AveragePool: (node) => {
    const { int, text } = attributesOf(node.node);
    return onImage(node) && int('ceil_mode', 0) === 0 && text('auto_pad', 'NOTSET') === 'NOTSET';
  },
  Identity: onImage,
  // A second input is the rate, a third says whether the network is being trained.
  Dropout: ({ node, inputs }) => inputs.length === 1 && (node.inputs[2] ?? '') === '',
};
