import {
  InternalError,
  shapesOf,
  withoutLoss,
  type Graph,
  type GraphNode,
  type NamedTensors,
  type NodeOf,
  type OpName,
} from '@refold/graph';
import type { GraphDefNode } from './graph-def.js';
import { opWriters } from './ops/op-writers.js';
import type { OpWriter } from './ops/op-writer.js';
import { TopologyBuilder, type TfjsWeight } from './topology-builder.js';

/** A network in TensorFlow's ops. */
export interface Topology {
  readonly nodes: readonly GraphDefNode[];
  /** Float32 and int32, in the order in which the nodes come. */
  readonly weights: readonly TfjsWeight[];
  readonly input: string;
  readonly output: string;
  /** Of a batch: −1, then the sample; images as `[-1, H, W, C]`. */
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

/**
 * The network as TensorFlow ops for inference, without loss and without what the output does not need. Images are
 * NHWC, which all backends of TensorFlow.js compute in.
 *
 * @param weights checked before; float32 tensors whose layout fits are taken as they are, without a copy
 */
export function toTopology(trained: Graph, weights: NamedTensors): Topology {
  const graph = withoutLoss(trained);
  const shapes = shapesOf(graph);
  const topology = new TopologyBuilder();
  const batchOf = (name: string) => {
    const [channels, ...rest] = shapes.get(name)!;
    return shapes.get(name)!.length === 3 ? [-1, ...rest, channels!] : [-1, ...shapes.get(name)!];
  };
  const inputShape = batchOf('input');
  const input = topology.placeholder('input', inputShape);
  const values = new Map([['input', input]]);
  for (const node of neededOf(graph)) {
    if (node.op === 'input') continue;
    const value = writeNode(node, {
      topology,
      inputs: node.inputs.map((name) => values.get(name)!),
      inputShapes: node.inputs.map((name) => shapes.get(name)!),
      shape: shapes.get(node.name)!,
      weight: (suffix) => {
        const tensor = weights.get(`${node.name}.${suffix}`);
        if (!tensor) throw new InternalError(`The tensor '${node.name}.${suffix}' is missing.`);
        return tensor;
      },
    });
    values.set(node.name, value);
  }
  const output = topology.op('Identity', 'logits', [values.get(graph.output)!]);
  const { nodes, weights: written } = topology;
  const outputShape = batchOf(graph.output);
  return { nodes, weights: written, input, output, inputShape, outputShape };
}

function writeNode<K extends OpName>(
  node: NodeOf<K>,
  rest: Omit<Parameters<OpWriter<K>>[0], 'node'>,
): string {
  const write: OpWriter<K> = opWriters[node.op];
  return write({ node, ...rest });
}

function neededOf(graph: Graph): readonly GraphNode[] {
  const needed = new Set([graph.output]);
  for (const node of graph.nodes.toReversed()) {
    if (needed.has(node.name)) for (const input of node.inputs) needed.add(input);
  }
  return graph.nodes.filter(({ name }) => needed.has(name));
}
