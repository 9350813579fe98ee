import {
  GraphBuilder,
  InternalError,
  shapesOf,
  sizeOf,
  tensorsOf,
  type Graph,
  type NamedTensors,
  type Value,
} from '@refold/graph';
import { convolutionAttrs } from './algebra/as-convolution.js';
import { findRegions, type RegionView } from './regions/find-regions.js';
import { nameRegions } from './regions/name-regions.js';
import type { PlanOptions, Unit } from './regions/plan-units.js';
import type { FusibleRegion } from './regions/region.js';
import { splitSums } from './regions/split-sums.js';

/** What a fusion will do, before any number is computed. */
export interface FusionPlan {
  /** Regions of the graph, with sums split where that helps. */
  readonly found: RegionView;
  /** Steps of the fused network, in graph order. */
  readonly units: readonly Unit[];
  /** Those of the units that become a convolution. */
  readonly regions: readonly FusibleRegion[];
  /** Name of each region's convolution or linear layer, by the node that ends the region. */
  readonly names: ReadonlyMap<string, string>;
  /** The fused network. */
  readonly graph: Graph;
}

/**
 * Chooses regions and names, and puts the fused graph together. The weights are checked (`RF-FUSE-*`); of their values
 * only one thing matters here: which biases are zero.
 */
export function planFusion(graph: Graph, weights: NamedTensors, options: PlanOptions): FusionPlan {
  const view = (candidate: Graph) => findRegions(candidate, weights, shapesOf(candidate));
  const { regions: found, units } = splitSums(graph, view, options);
  const regions = units.flatMap(({ region }) => (region ? [region] : []));
  const names = nameRegions(regions, found.graph);
  return { found, units, regions, names, graph: assemble(found, units, names) };
}

/**
 * The graph that `fuse` makes of a trained network, whose biases and shifts are not zero. Needs no weights and
 * computes none, so it takes milliseconds for a network of any size.
 */
export function fusedForm(graph: Graph, options: PlanOptions = {}): Graph {
  return planWithoutWeights(graph, options).graph;
}

/** {@link planFusion} for any weights that are not zero. */
export function planWithoutWeights(graph: Graph, options: PlanOptions): FusionPlan {
  // A plan looks at biases and shifts alone, never into kernels.
  const weights = new Map(
    tensorsOf(graph).map(({ name, shape }) => {
      const isVector = shape.length === 1;
      return [name, { shape, data: new Float32Array(isVector ? sizeOf(shape) : 0).fill(1) }];
    }),
  );
  return planFusion(graph, weights, options);
}

function assemble(
  { graph }: RegionView,
  units: readonly Unit[],
  names: ReadonlyMap<string, string>,
): Graph {
  const [first, ...rest] = units;
  if (first?.node.op !== 'input')
    throw new InternalError('The plan does not start with the input.');
  const builder = new GraphBuilder(first.node.attrs);
  const values = new Map<string, Value>([[first.node.name, builder.input]]);
  for (const { node, region } of rest) {
    const value = region
      ? replacement(builder, region, names.get(node.name)!, values.get(region.root)!)
      : builder.node(
          node.op,
          node.name,
          node.inputs.map((input) => values.get(input)!),
          node.attrs,
        );
    values.set(node.name, value);
  }
  const loss = graph.loss === undefined ? undefined : values.get(graph.loss);
  return builder.build(values.get(graph.output)!, loss);
}

function replacement(
  builder: GraphBuilder,
  { op, form }: FusibleRegion,
  name: string,
  root: Value,
): Value {
  return op === 'conv2d'
    ? builder.node('conv2d', name, [root], convolutionAttrs(form))
    : builder.node('linear', name, [root], { outFeatures: form.outChannels, bias: true });
}
