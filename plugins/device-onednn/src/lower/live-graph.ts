import { shapesOf, type Graph, type GraphNode } from '@refold/graph';
import { splitWideAdds } from './split-wide-adds.js';

/**
 * What of a graph has to be computed for its output: without the loss, nodes that the output does not depend on, and
 * drops that do nothing (all of them in inference). An output that is no vector is flattened, and sums are short enough
 * for the addon.
 */
export function liveGraph(graph: Graph, training: boolean): Graph {
  const standsFor = new Map<string, string>();
  const resolve = (name: string): string => standsFor.get(name) ?? name;
  const kept: GraphNode[] = [];
  for (const node of graph.nodes) {
    const isDrop = node.op === 'dropout' || node.op === 'drop_path';
    if (isDrop && (!training || node.attrs.rate === 0)) {
      standsFor.set(node.name, resolve(node.inputs[0] as string));
    } else {
      kept.push({ ...node, inputs: node.inputs.map(resolve) });
    }
  }
  const made = resolve(graph.output);
  const isVector = shapesOf(graph).get(graph.output)?.length === 1;
  const output = isVector ? made : `${made}#flat`;
  if (!isVector) kept.push({ name: output, op: 'flatten', inputs: [made], attrs: {} });
  return splitWideAdds({ version: 1, nodes: ancestors(kept, output), output });
}

function ancestors(nodes: readonly GraphNode[], target: string): readonly GraphNode[] {
  const needed = new Set([target]);
  for (const { name, inputs } of nodes.toReversed()) {
    if (needed.has(name)) for (const input of inputs) needed.add(input);
  }
  return nodes.filter(({ name }) => needed.has(name));
}
