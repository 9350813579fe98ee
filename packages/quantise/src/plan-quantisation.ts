import type { Graph, GraphNode } from '@refold/graph';
import { nodeUnknown, trainForm } from './errors.js';
import { layerResult } from './layer-result.js';

export interface QuantisationPlan {
  /** Nodes whose value is to be stored in eight bits, in the graph's order: those to calibrate. */
  readonly values: readonly string[];
  /** conv2d and linear nodes that compute in integers, in the graph's order. */
  readonly layers: readonly string[];
  /** Nodes that compute in float32, and why. */
  readonly float: readonly {
    readonly name: string;
    readonly op: string;
    readonly reason: string;
  }[];
}

/** Ops that only move or pick values, or end the graph: nothing is computed. */
const still: ReadonlySet<string> = new Set([
  'input',
  'flatten',
  'dropout',
  'drop_path',
  'max_pool',
]);

/**
 * Which nodes of a fused network compute in integers: every conv2d and linear that is not kept, from inputs in eight bits
 * to int32 sums. Between two of them values stay in eight bits; what else there is computes in float32 on the real values.
 *
 * @param keepFloat layers that are to stay float32 (the head, say)
 * @throws RefoldError `RF-QUANTISE-TRAIN-FORM` for a graph with batch norms, `RF-QUANTISE-NODE` for an unknown `keepFloat`
 */
export function planQuantisation(
  graph: Graph,
  keepFloat: readonly string[] = [],
): QuantisationPlan {
  const norm = graph.nodes.find(({ op }) => op === 'batch_norm');
  if (norm) throw trainForm(norm.name);
  const kept = new Set(keepFloat);
  const isLayer = ({ op }: GraphNode) => op === 'conv2d' || op === 'linear';
  const layerNames = new Set(graph.nodes.filter(isLayer).map(({ name }) => name));
  for (const name of keepFloat) if (!layerNames.has(name)) throw nodeUnknown(name, 'layer');

  const layers = graph.nodes.filter((node) => isLayer(node) && !kept.has(node.name));
  const stored = new Set(layers.map(({ inputs }) => behindDrops(graph, inputs[0] as string)));
  const isStored = (name: string) => stored.has(name);
  const results = new Set(layers.map(({ name }) => layerResult(graph, name, isStored)));
  // A mean of bytes is exact, and half the work is to read them: what makes them should not write floats.
  for (const { op, inputs } of graph.nodes)
    if (op === 'global_avg_pool' && results.has(inputs[0] as string))
      stored.add(inputs[0] as string);

  const integer = new Set([...layers.map(({ name }) => name), ...results]);
  return {
    values: graph.nodes.map(({ name }) => name).filter(isStored),
    layers: layers.map(({ name }) => name),
    float: graph.nodes
      .filter(({ name, op }) => !integer.has(name) && !still.has(op))
      .map((node) => ({ name: node.name, op: node.op, reason: reasonFor(node, kept, isStored) })),
  };
}

/** The value that a value is in inference: dropping does nothing there. */
export function behindDrops(graph: Graph, name: string): string {
  const node = graph.nodes.find((one) => one.name === name);
  const isDrop = node?.op === 'dropout' || node?.op === 'drop_path';
  return isDrop ? behindDrops(graph, node.inputs[0] as string) : name;
}

function reasonFor(
  { name, op, inputs }: GraphNode,
  kept: ReadonlySet<string>,
  isStored: (name: string) => boolean,
): string {
  if (kept.has(name)) return 'kept in float32 as asked';
  if (op === 'normalize') {
    return 'makes the first value from bytes: its means are no whole bytes, so that padding by zeros could not be folded away';
  }
  if (op === 'global_avg_pool' && inputs.every(isStored))
    return 'sums bytes exactly, divides in float32';
  return `${op} has no form in integers here: it computes on the real values`;
}
