import { tensorsOf, type Graph, type TensorSpec } from '@refold/graph';

/** The tensors that each node owns, by the node's name; nodes without any are absent. */
export function tensorsByNode(graph: Graph): ReadonlyMap<string, readonly TensorSpec[]> {
  const byNode = new Map<string, TensorSpec[]>();
  for (const spec of tensorsOf(graph)) {
    const node = spec.name.slice(0, spec.name.lastIndexOf('.'));
    const specs = byNode.get(node);
    if (specs) specs.push(spec);
    else byNode.set(node, [spec]);
  }
  return byNode;
}
