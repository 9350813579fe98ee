import type { HostTensor, NodeOf, OpName, SampleShape } from '@refold/graph';
import type { TopologyBuilder } from '../topology-builder.js';

/** What an op writer is given of one node of the graph. */
export interface WriterArgs<K extends OpName> {
  readonly node: NodeOf<K>;
  readonly topology: TopologyBuilder;
  /** Names of the inputs' values in the topology. Images are NHWC there, everything else as in the graph. */
  readonly inputs: readonly string[];
  /** In the graph's layout: `[C, H, W]`. */
  readonly inputShapes: readonly SampleShape[];
  readonly shape: SampleShape;
  /** A tensor of the node by its last name (`weight`), in PyTorch's layout. */
  weight(suffix: string): HostTensor;
}

/** Writes one node as TensorFlow ops. @returns the name of its value in the topology */
export type OpWriter<K extends OpName> = (args: WriterArgs<K>) => string;
