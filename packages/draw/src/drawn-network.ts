import type { Graph } from '@refold/graph';

/** Nodes of the train form that become one convolution of the fused form. */
export interface DrawnRegion {
  /** Name of the convolution in the fused graph. */
  readonly name: string;
  /** Names of the nodes in the train graph, in graph order; the last one's value comes out. */
  readonly nodes: readonly string[];
}

/** What a picture shows: one network in one form or in both. */
export interface DrawnNetwork {
  /** `repvgg_a0`; any text. */
  readonly title: string;
  /** Absent where only the fused form is known, as from a fused file. */
  readonly train?: Graph;
  readonly fused: Graph;
  /** Nodes of `train` that no region names are in `fused` under the same names. */
  readonly regions: readonly DrawnRegion[];
}

export type DrawnForm = 'train' | 'fused';
