import type { OnnxModel } from '../onnx-model.js';
import type { LinearNode } from './linear-nodes.js';

/** Linear nodes between one value and another, of which nothing else uses a value inside. */
export interface CandidateRegion {
  /** Value that goes in. */
  readonly root: string;
  /** In graph order; the last makes the value that comes out. */
  readonly members: readonly LinearNode[];
}

/** How the values of a model are used. */
export interface ValueUses {
  /** Indices of nodes that read a value, graphs inside them included. */
  readonly readers: ReadonlyMap<string, readonly number[]>;
  /** Values that are outputs of the model. */
  readonly outputs: ReadonlySet<string>;
  /** Index of the node that makes a value. */
  readonly makers: ReadonlyMap<string, number>;
  /** Kind of each node by index. */
  readonly opTypes: readonly string[];
}

export function valueUses({ graph }: OnnxModel): ValueUses {
  const readers = new Map<string, number[]>();
  const makers = new Map<string, number>();
  for (const [index, { inputs, captured, outputs }] of graph.nodes.entries()) {
    for (const name of new Set([...inputs, ...captured])) {
      const list = readers.get(name);
      if (list) list.push(index);
      else readers.set(name, [index]);
    }
    for (const name of outputs) makers.set(name, index);
  }
  return {
    ...{ readers, makers, opTypes: graph.nodes.map(({ opType }) => opType) },
    outputs: new Set(graph.outputs.map(({ name }) => name)),
  };
}

/**
 * Regions that end in a node, smallest first, and why there is no larger one. Going backwards, always the latest value is
 * replaced by what it is made from; whenever one value is left, what lies behind is a region.
 */
export function regionsEndingIn(
  last: LinearNode,
  linear: ReadonlyMap<number, LinearNode>,
  { readers, outputs, makers, opTypes }: ValueUses,
): { readonly regions: readonly CandidateRegion[]; readonly bound: string } {
  const members = new Map<number, LinearNode>();
  const frontier = new Map<string, number>([[last.output, last.index]]);
  const regions: CandidateRegion[] = [];
  for (;;) {
    const [value, index] = latest(frontier);
    const node = linear.get(index);
    if (!node) return { regions, bound: describe(value, index) };
    if (members.size > 0) {
      if (outputs.has(value)) return { regions, bound: `'${value}' is an output of the model` };
      const outsider = readers.get(value)?.find((reader) => !members.has(reader));
      if (outsider !== undefined) {
        return { regions, bound: `the value '${value}' is also used elsewhere` };
      }
    }
    members.set(index, node);
    frontier.delete(value);
    for (const input of node.inputs) frontier.set(input, makers.get(input) ?? -1);
    if (frontier.size === 1 && members.size > 1) {
      const inOrder = [...members.values()].sort((a, b) => a.index - b.index);
      regions.push({ root: latest(frontier)[0], members: inOrder });
    }
  }

  function describe(value: string, index: number): string {
    return index === -1
      ? `'${value}' comes from outside`
      : `'${value}' (${opTypes[index]}) lies on the way`;
  }
}

function latest(frontier: ReadonlyMap<string, number>): [value: string, index: number] {
  let found: [string, number] = ['', -2];
  for (const entry of frontier) if (entry[1] > found[1]) found = entry;
  return found;
}
