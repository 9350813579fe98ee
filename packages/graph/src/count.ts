import type { Graph } from './graph.js';
import { nodeMacs, nodeTensors } from './node-rules.js';
import { inputShapes, shapesOf } from './shapes-of.js';
import { sizeOf } from './tensor.js';

export interface Counts {
  /** Trained numbers. */
  readonly parameters: number;
  /** Numbers kept beside: BN running means and variances. */
  readonly buffers: number;
  /** Named tensors: parameters and buffers. */
  readonly tensors: number;
  /** Nodes of the op `batch_norm`. */
  readonly batchNorms: number;
  /** Multiply-adds of one sample, as timm and fvcore count: convolutions and linear layers, biases not. */
  readonly macs: number;
}

/**
 * What a network costs, exactly. "9.13 M" of RepVGG-A0 elsewhere is `parameters + buffers`.
 * A PyTorch state dict holds `tensors + batchNorms` entries: each BN has a `num_batches_tracked` that we have not.
 */
export function count(graph: Graph): Counts {
  const shapes = shapesOf(graph);
  const counts = { parameters: 0, buffers: 0, tensors: 0, batchNorms: 0, macs: 0 };
  for (const node of graph.nodes) {
    const inputs = inputShapes(node, shapes);
    for (const { kind, shape } of nodeTensors(node, inputs)) {
      counts[kind === 'parameter' ? 'parameters' : 'buffers'] += sizeOf(shape);
      counts.tensors += 1;
    }
    if (node.op === 'batch_norm') counts.batchNorms += 1;
    counts.macs += nodeMacs(node, inputs, shapes.get(node.name) ?? []);
  }
  return counts;
}
