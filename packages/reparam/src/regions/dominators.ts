import type { Graph } from '@refold/graph';

/**
 * Immediate dominator of every node but the input: the nearest node through which everything that reaches
 * the node passes. (Cooper, Harvey and Kennedy 2001; in a graph without cycles one pass is enough.)
 */
export function dominatorsOf(graph: Graph): ReadonlyMap<string, string> {
  const parent = new Map<string, string>();
  const depth = new Map<string, number>();
  const common = (a: string, b: string): string => {
    while (a !== b) {
      if (depth.get(a)! < depth.get(b)!) b = parent.get(b)!;
      else a = parent.get(a)!;
    }
    return a;
  };
  for (const { name, inputs } of graph.nodes) {
    if (inputs.length === 0) {
      depth.set(name, 0);
      continue;
    }
    const dominator = inputs.reduce(common);
    parent.set(name, dominator);
    depth.set(name, depth.get(dominator)! + 1);
  }
  return parent;
}
