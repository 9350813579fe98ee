import type { Graph } from './graph.js';
import { shapesOf } from './shapes-of.js';
import { sizeOf } from './tensor.js';

/**
 * Bytes of every node's value in float32 for a batch of `batchSize` samples: what a training step keeps when it
 * keeps everything for the backward pass. Devices that fuse ops or free early need less.
 */
export function activationBytes(graph: Graph, batchSize: number): number {
  let elements = 0;
  for (const shape of shapesOf(graph).values()) elements += sizeOf(shape);
  return elements * batchSize * Float32Array.BYTES_PER_ELEMENT;
}
