import type { Graph, GraphNode, NodeOf } from '@refold/graph';
import type { ActivationName } from '../native/native-program.js';

/** Nodes that one `branches` step computes. */
export interface BranchGroup {
  /** The last of them: the step's value is its value. */
  readonly last: GraphNode;
  readonly name: string;
  /** In order; `norm` is the batch_norm between the input and the sum, if there is one. */
  readonly addends: readonly { readonly input: string; readonly norm?: NodeOf<'batch_norm'> }[];
  readonly activation: ActivationName;
}

const activations: ReadonlySet<string> = new Set<ActivationName>([
  'relu',
  'relu6',
  'silu',
  'gelu',
  'sigmoid',
  'hard_swish',
]);
/** What the addon's kernels have registers for. */
const mostAddends = 16;

/**
 * Finds activation(Σ norm(x)) in a graph: every activation, add and batch_norm becomes part of one group. A node is
 * swallowed only where nobody else reads its value.
 *
 * @param isPrivate whether a node's value has one reader and is not a result of the network
 * @returns groups by the name of their last node; and the names of nodes that became part of one
 */
export function mergeBranches(
  graph: Graph,
  isPrivate: (name: string) => boolean,
): { readonly groups: ReadonlyMap<string, BranchGroup>; readonly swallowed: ReadonlySet<string> } {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const swallowed = new Set<string>();
  const groups = new Map<string, BranchGroup>();
  const take = (name: string): GraphNode | undefined => {
    const node = nodes.get(name);
    return node && isPrivate(name) ? node : undefined;
  };

  /** What is summed to make a value; the node itself where it is no sum. */
  function addendsOf(node: GraphNode, parts: string[]): BranchGroup['addends'] {
    if (node.op === 'batch_norm') return [{ input: node.inputs[0] as string, norm: node }];
    return node.inputs.flatMap((input) => {
      const inner = take(input);
      if (inner?.op === 'batch_norm' || (inner?.op === 'add' && !groups.has(input))) {
        const addends = addendsOf(inner, parts);
        if (addends.length + node.inputs.length <= mostAddends) {
          parts.push(input);
          return addends;
        }
      }
      return [{ input }];
    });
  }

  for (const node of graph.nodes.toReversed()) {
    if (swallowed.has(node.name)) continue;
    const isActivation = activations.has(node.op);
    if (!isActivation && node.op !== 'add' && node.op !== 'batch_norm') continue;
    const parts: string[] = [];
    let addends: BranchGroup['addends'];
    if (isActivation) {
      const input = node.inputs[0] as string;
      const sum = take(input);
      if (sum?.op === 'add' || sum?.op === 'batch_norm') {
        parts.push(input);
        addends = addendsOf(sum, parts);
      } else {
        addends = [{ input }];
      }
    } else {
      addends = addendsOf(node, parts);
    }
    for (const part of parts) swallowed.add(part);
    const activation = isActivation ? (node.op as ActivationName) : 'none';
    groups.set(node.name, { last: node, name: parts.at(-1) ?? node.name, addends, activation });
  }
  return { groups, swallowed };
}
