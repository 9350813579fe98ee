import type { GraphNode, SampleShape } from '@refold/graph';
import type { MapForm } from '../algebra/linear-map.js';

/**
 * A part of a graph with one value going in and one coming out, linear all through:
 * nothing outside uses a value inside but the last.
 */
export interface Region {
  /** Node whose value goes in; not itself of the region. */
  readonly root: string;
  /** Node whose value comes out. */
  readonly output: string;
  /** Nodes of the region in graph order; the last is `output`. */
  readonly nodes: readonly GraphNode[];
}

/** A region with a closed form: the convolution, or linear layer, that replaces it. */
export interface FusibleRegion extends Region {
  /** Of a convolution: equal padding before and after; of a linear layer: one group. */
  readonly form: MapForm;
  /** What replaces it: `conv2d` where values are images, `linear` where they are vectors. */
  readonly op: 'conv2d' | 'linear';
  /** Multiply-adds for one sample: of the convolution, and of the region as it is. */
  readonly fusedMacs: number;
  readonly macs: number;
}

/** `[C, H, W]` of an image-shaped value. */
export type ImageShape = readonly [number, number, number];

/** True for `[C, H, W]`. */
export function isImage(shape: SampleShape | undefined): shape is ImageShape {
  return shape?.length === 3;
}

/** True for `[F]`, which to a linear map is an image of one pixel. */
export function isVector(shape: SampleShape | undefined): shape is readonly [number] {
  return shape?.length === 1;
}

const LINEAR_OPS = new Set([
  'conv2d',
  'linear',
  'batch_norm',
  'add',
  'weighted_sum',
  'concat',
  'scale',
  'avg_pool',
  'dropout',
  'drop_path',
]);

/**
 * Ops that can lie inside a region. The rest bound regions: activations, products of two values, pooling by
 * maximum or over the whole image, `flatten`, and `normalize` (its shift is not zero where a padded convolution after it
 * pads zeros, so folding it would be inexact).
 */
export function isLinearOp({ op }: GraphNode): boolean {
  return LINEAR_OPS.has(op);
}
