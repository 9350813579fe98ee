import type { Graph, GraphNode, NodeOf } from '@refold/graph';
import type { ActivationName } from '../native/native-program.js';
import { mostAddends } from './split-wide-adds.js';

/** Nodes that one `branches` step computes. */
export interface BranchGroup {
  /** The last of them: the step's value is its value. */
  readonly last: GraphNode;
  /** Name of the first of them. */
  readonly name: string;
  /** At most {@link mostAddends}, in order. */
  readonly addends: readonly Addend[];
  readonly activation: ActivationName;
}

export interface Addend {
  readonly input: string;
  /** The batch_norm between the input and the sum, if there is one. */
  readonly norm?: NodeOf<'batch_norm'>;
}

const activations: ReadonlySet<string> = new Set<ActivationName>([
  'relu',
  'relu6',
  'silu',
  'gelu',
  'sigmoid',
  'hard_sigmoid',
  'hard_swish',
]);

/**
 * Finds activation(Σ norm(x)) in a graph: every activation, add and batch_norm becomes part of one group. A node is
 * swallowed only where nobody else reads its value.
 *
 * @param graph without sums of more than {@link mostAddends} values (`splitWideAdds`)
 * @param isPrivate whether a node's value has one reader and is not a result of the network
 * @returns groups by the name of their last node; and the names of nodes that became part of one
 */
export function mergeBranches(
  graph: Graph,
  isPrivate: (name: string) => boolean,
): { readonly groups: ReadonlyMap<string, BranchGroup>; readonly swallowed: ReadonlySet<string> } {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const order = new Map(graph.nodes.map(({ name }, index) => [name, index]));
  const swallowed = new Set<string>();
  const groups = new Map<string, BranchGroup>();

  /** The sum or norm behind a value, where only the asker reads it. */
  const sumBehind = (name: string) => {
    const node = nodes.get(name);
    return isPrivate(name) && (node?.op === 'add' || node?.op === 'batch_norm') ? node : undefined;
  };

  /** At most `most` addends of a node's value; the names of nodes that they replace go to `parts`. */
  function addendsOf(node: GraphNode, most: number, parts: string[]): readonly Addend[] {
    if (node.op === 'batch_norm') return [{ input: node.inputs[0] as string, norm: node }];
    let spare = most - node.inputs.length;
    return node.inputs.flatMap((input) => {
      const inner = sumBehind(input);
      if (!inner || inner.inputs.length > spare + 1) return [{ input }];
      parts.push(input);
      const addends = addendsOf(inner, spare + 1, parts);
      spare -= addends.length - 1;
      return addends;
    });
  }

  for (const node of graph.nodes.toReversed()) {
    if (swallowed.has(node.name)) continue;
    const isActivation = activations.has(node.op);
    if (!isActivation && node.op !== 'add' && node.op !== 'batch_norm') continue;
    const sum = isActivation ? sumBehind(node.inputs[0] as string) : node;
    const parts = sum && isActivation ? [sum.name] : [];
    const addends = sum
      ? addendsOf(sum, mostAddends, parts)
      : [{ input: node.inputs[0] as string }];
    for (const part of parts) swallowed.add(part);
    const first = [...parts, node.name].reduce((a, b) => (order.get(a)! < order.get(b)! ? a : b));
    const activation = isActivation ? (node.op as ActivationName) : 'none';
    groups.set(node.name, { last: node, name: first, addends, activation });
  }
  return { groups, swallowed };
}
