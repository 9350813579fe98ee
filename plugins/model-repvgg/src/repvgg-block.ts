import type { BatchNormAttrs, GraphBuilder, Value } from '@refold/graph';
import type { BlockKind } from './repvgg-spec.js';
import { squeezeExcite } from './squeeze-excite.js';

export interface BlockOptions {
  readonly kind: BlockKind;
  readonly outChannels: number;
  readonly stride: number;
  readonly groups: number;
  /** Reduction 16, between sum and ReLU (RepVGG-D2se). */
  readonly squeezeExcite: boolean;
  /** Reduction 4, after the ReLU (RepVGGplus). */
  readonly postSqueezeExcite: boolean;
  readonly batchNorm: BatchNormAttrs;
}

/**
 * One block in train form; every node lies below `name`. Each kind fuses to one convolution, since all that stands
 * before the ReLU (or the squeeze-excite) is linear at inference.
 *
 * - `repvgg` (Ding et al. 2021, figure 2): `ReLU( BN(conv3×3) + BN(conv1×1) + BN(identity) )`
 * - `qarepvgg` (Chu et al. 2022, setting S4): `ReLU( BN( BN(conv3×3) + conv1×1 + identity ) )`. Only the 3×3 has a BN
 *   of its own; the BN after the sum, node `bn`, keeps the variance of the fused weights and activations small enough
 *   for INT8.
 *
 * The identity stands only where shapes agree. A squeeze-excite of a `qarepvgg` block comes after that last BN, where
 * the authors' deployed form has it: in their train form it stands before, and then the two forms differ.
 */
export function repvggBlock(b: GraphBuilder, name: string, x: Value, options: BlockOptions): Value {
  const { outChannels } = options;
  let y = options.kind === 'repvgg' ? branches(b, name, x, options) : oneNorm(b, name, x, options);
  if (options.squeezeExcite) {
    y = squeezeExcite(b, `${name}.attn`, y, Math.max(1, Math.round(outChannels / 16)));
  }
  y = b.activation('relu', `${name}.act`, y);
  if (!options.postSqueezeExcite) return y;
  return squeezeExcite(b, `${name}.attn`, y, Math.max(1, Math.floor(outChannels / 4)));
}

function branches(b: GraphBuilder, name: string, x: Value, options: BlockOptions): Value {
  const norm = (path: string, y: Value) => b.node('batch_norm', path, [y], options.batchNorm);
  // Nodes in the order of timm's state dict.
  const identity = hasIdentity(x, options) ? [norm(`${name}.identity`, x)] : [];
  const wide = norm(`${name}.conv_kxk.bn`, convolution(b, `${name}.conv_kxk.conv`, x, 3, options));
  const point = norm(`${name}.conv_1x1.bn`, convolution(b, `${name}.conv_1x1.conv`, x, 1, options));
  return b.add(`${name}.sum`, [wide, point, ...identity]);
}

function oneNorm(b: GraphBuilder, name: string, x: Value, options: BlockOptions): Value {
  const norm = (path: string, y: Value) => b.node('batch_norm', path, [y], options.batchNorm);
  const wide = norm(`${name}.conv_kxk.bn`, convolution(b, `${name}.conv_kxk.conv`, x, 3, options));
  const point = convolution(b, `${name}.conv_1x1.conv`, x, 1, options);
  const identity = hasIdentity(x, options) ? [x] : [];
  return norm(`${name}.bn`, b.add(`${name}.sum`, [wide, point, ...identity]));
}

function convolution(
  b: GraphBuilder,
  name: string,
  x: Value,
  kernel: 1 | 3,
  { outChannels, stride, groups }: BlockOptions,
): Value {
  return b.conv2d(name, x, { outChannels, kernel, stride, padding: (kernel - 1) / 2, groups });
}

function hasIdentity(x: Value, { outChannels, stride }: BlockOptions): boolean {
  return x.shape[0] === outChannels && stride === 1;
}
