import { InternalError, type GraphNode } from '@refold/graph';
import { isRefusal, type Refusal } from '../algebra/linear-map.js';
import type { Region } from './region.js';

/** What folding needs to know of maps: done once with forms alone to plan, once with numbers to fuse. */
export interface Algebra<M extends object> {
  /** The map of a node with one input; `undefined` for one that changes nothing at inference. */
  nodeMap(node: GraphNode): M | Refusal | undefined;
  /** The identity on the value of a node. */
  identity(node: string): M;
  compose(first: M, second: M): M | Refusal;
  sum(terms: readonly M[]): M | Refusal;
  /** The map times a constant. */
  times(map: M, factor: number): M;
  concat(branches: readonly M[]): M | Refusal;
}

/**
 * The map from a region's root to its output, or the reason, naming the node, why there is none.
 * Maps of values inside are made once each and dropped at the end.
 */
export function foldRegion<M extends object>(region: Region, algebra: Algebra<M>): M | Refusal {
  // `undefined` is the identity: it costs nothing until it meets a sum.
  const maps = new Map<string, M | undefined>([[region.root, undefined]]);
  for (const node of region.nodes) {
    const result = foldNode(node, maps, algebra);
    if (result && isRefusal(result)) return { refused: `'${node.name}': ${result.refused}` };
    maps.set(node.name, result);
  }
  return maps.get(region.output) ?? algebra.identity(region.root);
}

function foldNode<M extends object>(
  node: GraphNode,
  maps: ReadonlyMap<string, M | undefined>,
  algebra: Algebra<M>,
): M | Refusal | undefined {
  for (const input of node.inputs) {
    if (!maps.has(input))
      throw new InternalError(`'${input}' lies outside the region of '${node.name}'.`);
  }
  const inputs = () => node.inputs.map((input) => maps.get(input) ?? algebra.identity(input));
  if (node.op === 'add') return algebra.sum(inputs());
  if (node.op === 'concat') return algebra.concat(inputs());
  if (node.op === 'weighted_sum') {
    return algebra.sum(inputs().map((map, i) => algebra.times(map, node.attrs.factors[i]!)));
  }
  const first = maps.get(node.inputs[0]!);
  const own = algebra.nodeMap(node);
  if (own === undefined) return first;
  if (first === undefined || isRefusal(own)) return own;
  return algebra.compose(first, own);
}
