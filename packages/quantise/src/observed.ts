import { GraphBuilder, sizeOf, shapesOf, withoutLoss, type Graph, type Value } from '@refold/graph';
import { nodeUnknown } from './errors.js';

/**
 * A graph that gives the values of these nodes away: its output is one vector, the flattened values (NCHW order) one after
 * the other. So any device shows what is inside a network, by the call that it has anyway.
 *
 * @param graph its weights are those of the observed graph, too
 * @param names at least one, in the order in which the values follow each other
 * @throws RefoldError `RF-QUANTISE-NODE`
 */
export function observed(graph: Graph, names: readonly string[]): Graph {
  const { nodes } = withoutLoss(graph);
  const [first, ...rest] = nodes;
  if (first?.op !== 'input') throw nodeUnknown('input', 'node');
  const builder = new GraphBuilder(first.attrs);
  const values = new Map<string, Value>([[first.name, builder.input]]);
  for (const node of rest) {
    const inputs = node.inputs.map((name) => values.get(name) as Value);
    values.set(node.name, builder.node(node.op, node.name, inputs, node.attrs));
  }
  const parts = names.map((name) => {
    const value = values.get(name);
    if (!value) throw nodeUnknown(name, 'node');
    return value.shape.length === 1 ? value : builder.flatten(`${name}#observed`, value);
  });
  const [only] = parts;
  return builder.build(
    parts.length === 1 && only ? only : builder.node('concat', '#observed', parts, {}),
  );
}

/** Where each value lies in the rows that an {@link observed} graph gives, in elements. */
export function observedParts(
  graph: Graph,
  names: readonly string[],
): readonly { readonly name: string; readonly offset: number; readonly length: number }[] {
  const shapes = shapesOf(graph);
  let offset = 0;
  return names.map((name) => {
    const shape = shapes.get(name);
    if (!shape) throw nodeUnknown(name, 'node');
    const part = { name, offset, length: sizeOf(shape) };
    offset += part.length;
    return part;
  });
}

/**
 * The names in groups whose observed rows hold at most so many elements, unless one value alone is larger: a whole network's
 * values are many, and memory should be bounded.
 */
export function observedGroups(
  graph: Graph,
  names: readonly string[],
  mostElements: number,
): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let filled = Infinity;
  for (const { name, length } of observedParts(graph, names)) {
    if (filled + length > mostElements) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)?.push(name);
    filled += length;
  }
  return groups;
}
