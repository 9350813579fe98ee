import type { Graph, GraphNode } from '@refold/graph';

/** What the addon's kernels have room for. */
export const mostAddends = 16;

/**
 * The graph with every sum of more than {@link mostAddends} values as a chain of sums of at most so many. The parts
 * are called `sum#1`, `sum#2` and so on; the last keeps the name, so that its readers find it.
 */
export function splitWideAdds(graph: Graph): Graph {
  if (!graph.nodes.some(isWide)) return graph;
  return { ...graph, nodes: graph.nodes.flatMap((node) => (isWide(node) ? chainOf(node) : node)) };
}

function isWide({ op, inputs }: GraphNode): boolean {
  return op === 'add' && inputs.length > mostAddends;
}

function chainOf({ name, inputs }: GraphNode): GraphNode[] {
  const parts: GraphNode[] = [];
  let rest = inputs;
  while (rest.length > mostAddends) {
    const part = `${name}#${parts.length + 1}`;
    parts.push({ name: part, op: 'add', inputs: rest.slice(0, mostAddends), attrs: {} });
    rest = [part, ...rest.slice(mostAddends)];
  }
  return [...parts, { name, op: 'add', inputs: rest, attrs: {} }];
}
