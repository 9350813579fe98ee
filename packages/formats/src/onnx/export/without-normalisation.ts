import { GraphBuilder, type Graph, type NormalizeAttrs, type Value } from '@refold/graph';

/**
 * A graph that takes bytes and normalises them, as one that takes what comes after: float32, already normalised. Graphs that
 * use the bytes otherwise, or take floats, stay as they are.
 */
export function withoutNormalisation(graph: Graph): {
  readonly graph: Graph;
  readonly normalisation: NormalizeAttrs | null;
} {
  const [first, ...rest] = graph.nodes;
  const readers = rest.filter(({ inputs }) => inputs.includes('input'));
  const [reader] = readers;
  if (first?.op !== 'input' || readers.length !== 1 || reader?.op !== 'normalize') {
    return { graph, normalisation: null };
  }
  const builder = new GraphBuilder({ ...first.attrs, dtype: 'float32' });
  const values = new Map<string, Value>([[reader.name, builder.input]]);
  for (const { op, name, inputs, attrs } of rest) {
    if (name === reader.name) continue;
    const from = inputs.map((input) => values.get(input)!);
    values.set(name, builder.node(op, name, from, attrs));
  }
  return { graph: builder.build(values.get(graph.output)!), normalisation: reader.attrs };
}
