import type { Conv2dOptions, GraphBuilder, Value } from '@refold/graph';

export interface MobileoneBlock {
  readonly outChannels: number;
  /** Odd. */
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly squeezeExcite?: boolean;
  /** Absent: none. */
  readonly activation?: 'gelu';
}

/**
 * A block of MobileOne (Vasu et al. 2022, figure 3) with one convolution branch, under timm's names: convolution, 1×1
 * scale beside a larger kernel, BN on the identity where shapes agree.
 */
export function mobileoneBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  { outChannels, kernel, stride = 1, groups = 1, squeezeExcite, activation }: MobileoneBlock,
): Value {
  const conv = { outChannels, stride, groups };
  // Nodes in the order of timm's state dict, the sum in the order of its forward pass.
  const hasIdentity = x.shape[0] === outChannels && stride === 1;
  const identity = hasIdentity ? [b.batchNorm(`${name}.identity`, x)] : [];
  const padding = (kernel - 1) / 2;
  const wide = convNorm(b, `${name}.conv_kxk.0`, x, { ...conv, kernel, padding });
  const scale = kernel > 1 ? [convNorm(b, `${name}.conv_scale`, x, { ...conv, kernel: 1 })] : [];
  const values = [...scale, ...identity, wide];
  let y = values.length > 1 ? b.add(`${name}.sum`, values) : wide;
  if (squeezeExcite) y = excited(b, `${name}.se`, y);
  return activation ? b.activation(activation, `${name}.act`, y) : y;
}

/** `<name>.conv` and `<name>.bn`. */
export function convNorm(b: GraphBuilder, name: string, x: Value, options: Conv2dOptions): Value {
  return b.batchNorm(`${name}.bn`, b.conv2d(`${name}.conv`, x, options));
}

/** Squeeze-excite (Hu et al. 2018) with reduction 16. */
function excited(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[0]!;
  const point = { kernel: 1, bias: true };
  const squeezed = Math.max(1, Math.floor(channels / 16 + 0.5));
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const reduced = b.conv2d(`${name}.fc1`, pooled, { ...point, outChannels: squeezed });
  const hidden = b.activation('relu', `${name}.act`, reduced);
  const expanded = b.conv2d(`${name}.fc2`, hidden, { ...point, outChannels: channels });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, expanded));
}
