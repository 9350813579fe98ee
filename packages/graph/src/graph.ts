import type { OpAttrs, OpName } from './op-attrs.js';

/** One operation. Its name is a path (`stages.0.1.conv_kxk.conv`), unique in the graph; its tensors are named below it. */
export interface NodeOf<K extends OpName> {
  readonly name: string;
  readonly op: K;
  /** Names of earlier nodes, in order. */
  readonly inputs: readonly string[];
  readonly attrs: OpAttrs[K];
}
export type GraphNode = { [K in OpName]: NodeOf<K> }[OpName];

/**
 * A network as data: immutable, topologically ordered, independent of batch size and device.
 * Made by {@link GraphBuilder}, checked once there; every interpreter may rely on it.
 */
export interface Graph {
  readonly version: 1;
  /** Every node after its inputs. The first is the `input`. */
  readonly nodes: readonly GraphNode[];
  /** Node whose value is the network's answer, `[numClasses]` per sample. */
  readonly output: string;
  /** Node of the loss (op `softmax_cross_entropy`), when the graph is one to train. */
  readonly loss?: string;
}
