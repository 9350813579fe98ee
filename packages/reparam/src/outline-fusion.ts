import type { Graph } from '@refold/graph';
import { planWithoutWeights } from './plan-fusion.js';
import type { PlanOptions } from './regions/plan-units.js';
import type { Region } from './regions/region.js';

/** Which parts of a network become which convolutions. */
export interface FusionOutline {
  /** The network as it was given, but for sums of which only some terms fuse: these are two sums, one after the other. */
  readonly train: Graph;
  readonly fused: Graph;
  /** In graph order. Nodes of `train` that no region names are in `fused` under the same names. */
  readonly regions: readonly OutlinedRegion[];
}

export interface OutlinedRegion {
  /** Of the convolution in `fused`. */
  readonly name: string;
  /** What it replaces in `train`. */
  readonly region: Region;
}

/**
 * Both forms of a trained network side by side, without weights: as {@link fusedForm}, with what became of what.
 *
 * @throws RefoldError `RF-GRAPH-*` for a graph that is none
 */
export function outlineFusion(graph: Graph, options: PlanOptions = {}): FusionOutline {
  const { found, regions, names, graph: fused } = planWithoutWeights(graph, options);
  return {
    train: found.graph,
    fused,
    regions: regions.map(({ root, output, nodes }) => ({
      name: names.get(output)!,
      region: { root, output, nodes },
    })),
  };
}
