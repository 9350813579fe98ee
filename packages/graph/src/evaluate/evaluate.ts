import { badWeight, misfitInput, missingTargets, unknownNode } from '../errors.js';
import type { Graph, GraphNode, NodeOf } from '../graph.js';
import { nodeTensors } from '../node-rules.js';
import type { OpName } from '../op-attrs.js';
import { equalShapes } from '../ops/equal-shapes.js';
import { inputShapes, shapesOf } from '../shapes-of.js';
import { sizeOf, type NamedTensors, type SampleShape } from '../tensor.js';
import { crossEntropy, type Targets } from './cross-entropy.js';
import type { Float64Tensor } from './kernel.js';
import { kernelOf, type OuterOp } from './kernels.js';

export interface EvaluateOptions {
  /** Nodes whose values are wanted besides the graph's output. */
  readonly outputs?: readonly string[];
  /** What the loss compares with, when the loss is wanted: its value is the mean over the batch, of shape `[]`. */
  readonly targets?: Targets;
}

/**
 * Computes a graph in plain JavaScript and float64, as for inference: running statistics, no dropping.
 * The reference that devices and fusion are measured against; about 0.5 G multiply-adds a second on one core.
 *
 * @param weights every tensor of the nodes computed; read only
 * @param input `[N, …sample]`, values as the graph's input takes them (bytes as numbers); read only
 * @returns the graph's output and the nodes asked for, by name, `[N, …]`; owned by the caller
 * @throws RefoldError `RF-GRAPH-SHAPE` (the input does not fit), `RF-GRAPH-WEIGHTS` (missing or misshapen),
 * `RF-GRAPH-UNKNOWN-NODE`, `RF-GRAPH-TARGETS` (a loss is asked for without targets)
 */
export function evaluate(
  graph: Graph,
  weights: NamedTensors,
  input: { readonly shape: readonly number[]; readonly data: Float32Array | Float64Array },
  { outputs = [], targets }: EvaluateOptions = {},
): Map<string, Float64Tensor> {
  const shapes = shapesOf(graph);
  const [batch = 0] = input.shape;
  requireInput(shapes.get('input') ?? [], input);
  const wanted = new Set([graph.output, ...outputs]);
  const lastUses = lastUsesOf(graph, wanted);
  const values = new Map<string, Float64Tensor>();

  for (const node of graph.nodes) {
    if (!lastUses.has(node.name)) continue;
    const inputs = node.inputs.map((name) => values.get(name)!);
    const shape = shapes.get(node.name)!;
    if (node.op === 'input') {
      values.set(node.name, { shape: input.shape, data: Float64Array.from(input.data) });
    } else if (node.op === 'softmax_cross_entropy') {
      if (!targets) throw missingTargets(node.name);
      const loss = crossEntropy(inputs[0]!, targets, node.attrs);
      values.set(node.name, { shape: [], data: Float64Array.of(loss) });
    } else {
      const weight = weightsOf(node, inputShapes(node, shapes), weights);
      const data = compute(node, inputs, batch, shape, weight);
      values.set(node.name, { shape: [batch, ...shape], data });
    }
    for (const name of node.inputs) if (lastUses.get(name) === node) values.delete(name);
  }
  return values;
}

function compute<K extends Exclude<OpName, OuterOp>>(
  { op, attrs }: NodeOf<K>,
  inputs: readonly Float64Tensor[],
  batch: number,
  shape: SampleShape,
  weight: (suffix: string) => Float32Array,
): Float64Array {
  return kernelOf(op)({ attrs, inputs, batch, shape, weight });
}

/** For each node that must be computed, the last one that reads it, or `kept` where its value is wanted. */
function lastUsesOf(
  graph: Graph,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, GraphNode | 'kept'> {
  const uses = new Map<string, GraphNode | 'kept'>();
  for (const name of wanted) {
    if (!graph.nodes.some((node) => node.name === name)) throw unknownNode(name);
    uses.set(name, 'kept');
  }
  for (const node of graph.nodes.toReversed()) {
    if (!uses.has(node.name)) continue;
    for (const name of node.inputs) if (!uses.has(name)) uses.set(name, node);
  }
  return uses;
}

/** A node's tensors by suffix, checked. */
function weightsOf(
  node: GraphNode,
  inputs: readonly SampleShape[],
  weights: NamedTensors,
): (suffix: string) => Float32Array {
  for (const { name, shape } of nodeTensors(node, inputs)) {
    const tensor = weights.get(name);
    if (!tensor || !equalShapes(tensor.shape, shape) || tensor.data.length !== sizeOf(shape)) {
      throw badWeight(name, shape, tensor?.shape);
    }
  }
  return (suffix) => weights.get(`${node.name}.${suffix}`)!.data;
}

function requireInput(
  sample: SampleShape,
  { shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
): void {
  if (!equalShapes(shape.slice(1), sample) || data.length !== sizeOf(shape)) {
    throw misfitInput(sample, shape, data.length);
  }
}
