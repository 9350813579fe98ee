import type { GraphBuilder, Value } from '@refold/graph';
import { acnetBlock } from './acnet-block.js';
import { dbbBlock } from './dbb-block.js';
import type { BlockKind } from './resnet-spec.js';

export interface ConvOptions {
  readonly outChannels: number;
  /** Of the square kernel, odd; zeros of half of it around. */
  readonly kernel: number;
  readonly stride: number;
}

/** Where a convolution with BN lies: torchvision's names for a plain one, one path for the branches of the others. */
export interface ConvPlace {
  readonly conv: string;
  readonly bn: string;
}

/**
 * A convolution with BN, or a block that becomes one when fused: `plain` itself, {@link acnetBlock},
 * {@link dbbBlock}. Only kernels wider than 1×1 and narrower than 7×7 have branches, as the authors chose.
 */
export function convNorm(
  b: GraphBuilder,
  kind: BlockKind,
  place: ConvPlace,
  x: Value,
  options: ConvOptions,
): Value {
  const { kernel } = options;
  if (kind !== 'plain' && kernel > 1 && kernel < 7) {
    return (kind === 'acnet' ? acnetBlock : dbbBlock)(b, place.conv, x, options);
  }
  const padding = (kernel - 1) / 2;
  return b.batchNorm(place.bn, b.conv2d(place.conv, x, { ...options, padding }));
}
