import { GraphBuilder, type Graph, type GraphNode, type Value } from '@refold/graph';
import type { RegionView } from './find-regions.js';
import { planUnits, type PlanOptions, type Unit } from './plan-units.js';
import { isImage, isLinearOp } from './region.js';

/** Terms of a sum, as indices into its inputs, grouped by origin; by the sum's name. */
type Groups = ReadonlyMap<string, readonly (readonly number[])[]>;

interface Plan {
  readonly regions: RegionView;
  readonly units: readonly Unit[];
}

/**
 * Plans a graph, and where a sum of three or more values cannot be one convolution but some of its terms can,
 * plans it again with these terms summed first: `a(x) + b(x) + c` is `(a(x) + b(x)) + c`, and the first sum has
 * a closed form.
 *
 * @param viewOf finds the regions of a graph
 * @returns the last plan; its graph has a node `<sum>.part<i>` for each group of terms that became a convolution
 */
export function splitSums(
  graph: Graph,
  viewOf: (graph: Graph) => RegionView,
  options: PlanOptions,
): Plan {
  const planOf = (candidate: Graph): Plan => {
    const regions = viewOf(candidate);
    return { regions, units: planUnits(regions, options) };
  };
  const whole = planOf(graph);
  let groups = groupsOf(whole);
  while (groups.size > 0) {
    const split = planOf(withParts(graph, groups));
    const fused = new Set(split.units.flatMap(({ node, region }) => (region ? [node.name] : [])));
    const useful = usefulGroups(groups, fused);
    if (useful.same) return split;
    groups = useful.groups;
  }
  return whole;
}

/** Groups whose part became a convolution; the terms of the others stand alone again. */
function usefulGroups(
  groups: Groups,
  fused: ReadonlySet<string>,
): { groups: Groups; same: boolean } {
  const result = new Map<string, readonly (readonly number[])[]>();
  let same = true;
  for (const [sum, parts] of groups) {
    const kept = parts.flatMap((part, i) => {
      if (part.length === 1 || fused.has(partName(sum, i))) return [part];
      same = false;
      return part.map((term) => [term]);
    });
    if (kept.some((part) => part.length > 1)) result.set(sum, kept);
  }
  return { groups: result, same };
}

function groupsOf({ regions, units }: Plan): Groups {
  const groups = new Map<string, readonly (readonly number[])[]>();
  for (const { node, region } of units) {
    if (region || node.op !== 'add' || node.inputs.length < 3) continue;
    if (!isImage(regions.shapes.get(node.name))) continue;
    const byOrigin = new Map<string, number[]>();
    for (const [i, input] of node.inputs.entries()) {
      const origin = originOf(input, node.name, regions);
      byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), i]);
    }
    const parts = [...byOrigin.values()];
    if (parts.length > 1 && parts.length < node.inputs.length) groups.set(node.name, parts);
  }
  return groups;
}

/** The farthest value from which a term of a sum is one linear map; the term itself where others use it too. */
function originOf(term: string, sum: string, { graph, nodes, regions }: RegionView): string {
  const node = nodes.get(term)!;
  const others = graph.nodes.some(({ name, inputs }) => name !== sum && inputs.includes(term));
  if (others || !isLinearOp(node)) return term;
  const farthest = regions.get(term)?.candidates.findLast(({ fusible }) => fusible);
  return farthest?.root ?? (node.inputs.length === 1 ? node.inputs[0]! : term);
}

function withParts(graph: Graph, groups: Groups): Graph {
  const [first, ...rest] = graph.nodes;
  const builder = new GraphBuilder((first as Extract<GraphNode, { op: 'input' }>).attrs);
  const values = new Map<string, Value>([['input', builder.input]]);
  for (const node of rest) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    const parts = groups.get(node.name);
    const terms = parts
      ? parts.map((part, i) =>
          part.length === 1
            ? inputs[part[0]!]!
            : builder.add(
                partName(node.name, i),
                part.map((term) => inputs[term]!),
              ),
        )
      : inputs;
    values.set(node.name, builder.node(node.op, node.name, terms, node.attrs));
  }
  const loss = graph.loss === undefined ? undefined : values.get(graph.loss);
  return builder.build(values.get(graph.output)!, loss);
}

function partName(sum: string, index: number): string {
  return `${sum}.part${index}`;
}
