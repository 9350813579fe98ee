import { tensorsOf, type Graph, type GraphNode } from '@refold/graph';

const SHOWN = 3;

/**
 * What tells two networks apart, in a few words each; empty when nothing does. The size of the input may differ:
 * weights do not depend on it.
 */
export function compareGraphs(ours: Graph, theirs: Graph): string[] {
  const shapes = (graph: Graph): Map<string, string> =>
    new Map(tensorsOf(graph).map(({ name, shape }) => [name, `[${shape.join(', ')}]`]));
  const [mine, other] = [shapes(ours), shapes(theirs)];
  const missing = [...mine.keys()].filter((name) => !other.has(name));
  const extra = [...other.keys()].filter((name) => !mine.has(name));
  const differing = [...mine].filter(([name, shape]) => (other.get(name) ?? shape) !== shape);
  const list = (names: readonly string[]): string =>
    names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');
  const differences: string[] = [];
  if (missing.length > 0)
    differences.push(`${missing.length} tensors are missing (${list(missing)})`);
  if (extra.length > 0) differences.push(`${extra.length} tensors are not ours (${list(extra)})`);
  if (differing.length > 0) {
    const [name = '', shape] = differing[0] ?? [];
    differences.push(
      `${differing.length} tensors have another shape (${name} is ${other.get(name)}, not ${shape})`,
    );
  }
  return differences.length > 0 ? differences : differingNodes(ours, theirs);
}

/** Networks with the same tensors can still compute different things (a stride, an activation, a batch norm's eps). */
function differingNodes(ours: Graph, theirs: Graph): string[] {
  const textOf = (node: GraphNode): string => JSON.stringify([node.op, node.inputs, node.attrs]);
  const others = new Map(theirs.nodes.map((node) => [node.name, node]));
  const changed = ours.nodes.filter((node) => {
    const other = others.get(node.name);
    return !other || (node.op !== 'input' && textOf(node) !== textOf(other));
  });
  const [first] = changed;
  if (!first && ours.nodes.length === theirs.nodes.length) return [];
  if (!first) return [`it has ${theirs.nodes.length} layers, not ${ours.nodes.length}`];
  const other = others.get(first.name);
  const theirText = other ? `${other.op} ${JSON.stringify(other.attrs)}` : 'absent';
  return [
    `${changed.length} layers differ (${first.name} is ${theirText}, not ${first.op} ${JSON.stringify(first.attrs)})`,
  ];
}
