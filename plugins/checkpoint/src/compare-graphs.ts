import { tensorsOf, type Graph } from '@refold/graph';

const SHOWN = 3;

/** What tells two networks apart by their tensors, in a few words each; empty when nothing does. */
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
  return differences;
}
