import { misplacedInput, unknownInput } from './errors.js';
import type { GraphNode } from './graph.js';
import { GraphBuilder, type Value } from './graph-builder.js';

/**
 * A builder that holds these nodes, checked again one by one, with their values by name.
 *
 * @throws RefoldError everything that {@link GraphBuilder} throws
 */
export function rebuild(nodes: readonly GraphNode[]): {
  readonly builder: GraphBuilder;
  readonly values: ReadonlyMap<string, Value>;
} {
  const [first, ...rest] = nodes;
  if (first?.op !== 'input' || first.name !== 'input' || first.inputs.length > 0) {
    throw misplacedInput(first?.name ?? '');
  }
  const builder = new GraphBuilder(first.attrs);
  const values = new Map<string, Value>([['input', builder.input]]);
  for (const node of rest) {
    const inputs = node.inputs.map((input) => {
      const value = values.get(input);
      if (!value) throw unknownInput(node.name, input);
      return value;
    });
    values.set(node.name, builder.node(node.op, node.name, inputs, node.attrs));
  }
  return { builder, values };
}
