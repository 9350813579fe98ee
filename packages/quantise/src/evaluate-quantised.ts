import {
  checkQuantisation,
  evaluateNode,
  InternalError,
  storedBias,
  storedWeight,
  type Float64Tensor,
  type Graph,
  type GraphNode,
  type HostTensor,
  type NamedTensors,
  type NodeOf,
  type Quantisation,
  type ValueQuantisation,
} from '@refold/graph';
import { layerResult } from './layer-result.js';
import { realOf, requantisationFactor, requantised, toStored } from './stored-value.js';

export interface EvaluateQuantisedOptions {
  /** Nodes whose values are wanted besides the graph's output; nodes that became part of an integer layer have none. */
  readonly outputs?: readonly string[];
}

/** A value as real numbers of float32, and where it is stored in eight bits also as those, less the zero point. */
interface Value {
  readonly real: Float64Tensor;
  readonly stored?: { readonly whole: Float64Tensor; readonly as: ValueQuantisation };
}

/**
 * Computes a quantised network as a processor does, number for number: the reference for devices.
 *
 * - An integer layer sums `(x − zero point) · w + bias` exactly. The sum becomes float32 and is multiplied by one float32
 *   factor: to eight bits ({@link requantised}), with the relu that alone reads the layer, or to a real value.
 * - `global_avg_pool` of eight bits sums exactly and multiplies once, by scale / area.
 * - Everything else computes in float64 on real values and rounds to float32: a device that computes in float32 may
 *   differ by its roundings there, and so by one step of eight bits where a result lies next to the middle of two.
 *
 * @param weights float32, read only @param images `[N, …sample]`, values as the graph's input takes them; read only
 * @returns real values by name, `[N, …]`
 * @throws RefoldError `RF-GRAPH-QUANTISATION` where the quantisation is not of this graph, `RF-GRAPH-SHAPE`
 */
export function evaluateQuantised(
  graph: Graph,
  weights: NamedTensors,
  quantisation: Quantisation,
  images: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  { outputs = [] }: EvaluateQuantisedOptions = {},
): Map<string, Float64Tensor> {
  checkQuantisation(graph, quantisation);
  const { values: storage } = quantisation;
  const isStored = (name: string) => storage[name] !== undefined;
  const values = new Map<string, Value>();
  for (const node of graph.nodes) {
    if (values.has(node.name) || node.name === graph.loss) continue;
    const inputs = node.inputs.map((name) => values.get(name) as Value);
    if (node.op === 'input') {
      const real = { shape: images.shape, data: Float64Array.from(images.data) };
      values.set(node.name, valueOf(real, storage[node.name]));
      continue;
    }
    if (node.op === 'dropout' || node.op === 'drop_path') {
      values.set(node.name, inputs[0] as Value);
      continue;
    }
    const scales = quantisation.weights[`${node.name}.weight`];
    const stored = inputs[0]?.stored;
    if (scales && stored && (node.op === 'conv2d' || node.op === 'linear')) {
      const result = layerResult(graph, node.name, isStored);
      const isRelu = result !== node.name;
      const sums = integerSums(node, stored.whole, stored.as.scale, scales, weights);
      values.set(result, fromSums(sums, stored.as.scale, scales, storage[result], isRelu));
    } else if (stored && node.op === 'global_avg_pool') {
      values.set(node.name, valueOf(meanOfStored(stored.whole, stored.as), storage[node.name]));
    } else {
      const real = inFloat32(node, inputs, weights);
      values.set(node.name, valueOf(real, storage[node.name]));
    }
  }
  return new Map(
    [graph.output, ...outputs].map((name) => {
      const value = values.get(name);
      if (!value) throw new InternalError(`'${name}' has no value of its own.`);
      return [name, value.real];
    }),
  );
}

function valueOf(real: Float64Tensor, as: ValueQuantisation | undefined): Value {
  if (!as) return { real };
  return storedValue({ shape: real.shape, data: real.data.map((x) => toStored(x, as)) }, as);
}

function storedValue(whole: Float64Tensor, as: ValueQuantisation): Value {
  const data = whole.data.map((q) => realOf(q, as));
  return { real: { shape: whole.shape, data }, stored: { whole, as } };
}

/** Products and bias, exact. */
function integerSums(
  node: NodeOf<'conv2d'> | NodeOf<'linear'>,
  whole: Float64Tensor,
  inputScale: number,
  scales: readonly number[],
  weights: NamedTensors,
): Float64Tensor {
  const weight = Float64Array.from(
    storedWeight(weights.get(`${node.name}.weight`) as HostTensor, scales),
  );
  const bias = node.attrs.bias
    ? Float64Array.from(
        storedBias((weights.get(`${node.name}.bias`) as HostTensor).data, inputScale, scales),
      )
    : new Float64Array(0);
  const tensor = (suffix: string) => (suffix === 'weight' ? weight : bias);
  return node.op === 'conv2d'
    ? evaluateNode(node, [whole], tensor)
    : evaluateNode(node, [whole], tensor);
}

function fromSums(
  { shape, data }: Float64Tensor,
  inputScale: number,
  scales: readonly number[],
  as: ValueQuantisation | undefined,
  isRelu: boolean,
): Value {
  const [, channels = 1, ...rest] = shape;
  const area = rest.reduce((product, n) => product * n, 1);
  const factors = scales.map((scale) =>
    as ? requantisationFactor(inputScale, scale, as.scale) : Math.fround(inputScale * scale),
  );
  const factorAt = (i: number) => factors[Math.floor(i / area) % channels] as number;
  if (as) {
    const whole = data.map((sum, i) => requantised(sum, factorAt(i), as, isRelu));
    return storedValue({ shape, data: whole }, as);
  }
  const real = data.map((sum, i) => {
    const value = Math.fround(Math.fround(sum) * factorAt(i));
    return isRelu ? Math.max(0, value) : value;
  });
  return { real: { shape, data: real } };
}

function meanOfStored({ shape, data }: Float64Tensor, { scale }: ValueQuantisation): Float64Tensor {
  const [images = 0, channels = 0, height = 1, width = 1] = shape;
  const area = height * width;
  const factor = Math.fround(scale / area);
  const means = Float64Array.from({ length: images * channels }, (_, plane) => {
    let sum = 0;
    for (let i = plane * area; i < (plane + 1) * area; i++) sum += data[i] as number;
    return Math.fround(Math.fround(sum) * factor);
  });
  return { shape: [images, channels, 1, 1], data: means };
}

function inFloat32(
  node: Exclude<GraphNode, NodeOf<'input'>>,
  inputs: readonly Value[],
  weights: NamedTensors,
): Float64Tensor {
  if (node.op === 'softmax_cross_entropy')
    throw new InternalError('A loss has no quantised value.');
  const tensor = (suffix: string) => (weights.get(`${node.name}.${suffix}`) as HostTensor).data;
  // Each op has its own attributes; which one it is, does not matter here.
  const { shape, data } = evaluateNode<'relu'>(
    node as NodeOf<'relu'>,
    inputs.map(({ real }) => real),
    tensor,
  );
  return { shape, data: data.map(Math.fround) };
}
