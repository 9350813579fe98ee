import type { GraphNode, NodeOf } from './graph.js';
import type { OpAttrs, OpName } from './op-attrs.js';
import { parseAttrs } from './ops/op-definitions.js';

/** A frozen node with checked attributes. @throws RefoldError `RF-GRAPH-ATTRS` */
export function makeNode<K extends OpName>(
  op: K,
  name: string,
  inputs: readonly string[],
  attrs: unknown,
): GraphNode {
  const parsed: OpAttrs[K] = parseAttrs(op, name, attrs);
  Object.freeze(parsed);
  const node: NodeOf<K> = { name, op, inputs: Object.freeze([...inputs]), attrs: parsed };
  // TypeScript does not see that NodeOf<K> for one K is a member of the union over all K.
  return Object.freeze(node) as NodeOf<OpName> as GraphNode;
}
