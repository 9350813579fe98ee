import type { ModelContext } from '@refold/core';
import { GraphBuilder, InternalError, type Graph, type Value } from '@refold/graph';

/** A network that takes images already normalised, as one that takes bytes and normalises them. Others stay as they are. */
export function withNormalisation(
  graph: Graph,
  normalization: NonNullable<ModelContext['normalization']>,
): Graph {
  const [first, ...rest] = graph.nodes;
  if (first?.op !== 'input') throw new InternalError('A graph does not start with its input.');
  const { dtype, shape } = first.attrs;
  if (dtype !== 'float32' || shape.length !== 3 || shape[0] !== normalization.mean.length) {
    return graph;
  }
  const builder = new GraphBuilder({ shape, dtype: 'uint8' });
  const taken = new Set(graph.nodes.map(({ name }) => name));
  const name = taken.has('normalize') ? 'refold.normalize' : 'normalize';
  const normalised = builder.node('normalize', name, [builder.input], normalization);
  const values = new Map<string, Value>([[first.name, normalised]]);
  for (const node of rest) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    values.set(node.name, builder.node(node.op, node.name, inputs, node.attrs));
  }
  return builder.build(values.get(graph.output)!);
}
