import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import type { MobileoneSpec } from './mobileone-spec.js';

interface Block {
  readonly outChannels: number;
  readonly kernel: 1 | 3;
  readonly stride: number;
  readonly groups: number;
  readonly branches: number;
  readonly squeezeExcite: boolean;
}

/**
 * MobileOne in train form (Vasu et al. 2022, figure 3), with timm's names: depthwise 3×3 and pointwise 1×1 blocks,
 * each with n equal convolution branches (the stem has one), a 1×1 scale branch beside the 3×3, and a BN on the identity.
 */
export function mobileoneGraph(spec: MobileoneSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  const { branches } = spec;
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const plain = { branches: 1, squeezeExcite: false };
  x = block(b, 'stem', x, { ...plain, outChannels: spec.stem, kernel: 3, stride: 2, groups: 1 });
  for (const [stage, depth] of spec.depths.entries()) {
    for (let pair = 0; pair < depth; pair++) {
      const squeezeExcite = pair >= depth - (spec.squeezeExcite[stage] ?? 0);
      const channels = x.shape[0]!;
      x = block(b, `stages.${stage}.${2 * pair}`, x, {
        outChannels: channels,
        kernel: 3,
        stride: pair === 0 ? 2 : 1,
        groups: channels,
        branches,
        squeezeExcite,
      });
      x = block(b, `stages.${stage}.${2 * pair + 1}`, x, {
        outChannels: spec.widths[stage]!,
        kernel: 1,
        stride: 1,
        groups: 1,
        branches,
        squeezeExcite,
      });
    }
  }
  x = b.flatten('head.flatten', b.globalAvgPool('head.global_pool', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'head.drop', [x], { rate: spec.dropRate });
  return b.build(b.linear('head.fc', x, { outFeatures: numClasses }));
}

function block(b: GraphBuilder, name: string, x: Value, options: Block): Value {
  const { outChannels, kernel, stride, groups } = options;
  const branch = (path: string, size: number): Value => {
    const conv = { outChannels, kernel: size, stride, padding: (size - 1) / 2, groups };
    return b.batchNorm(`${path}.bn`, b.conv2d(`${path}.conv`, x, conv));
  };
  // Nodes in the order of timm's state dict, the sum in the order of its forward pass.
  const hasIdentity = x.shape[0] === outChannels && stride === 1;
  const identity = hasIdentity ? [b.batchNorm(`${name}.identity`, x)] : [];
  const equals = Array.from({ length: options.branches }, (_, i) =>
    branch(`${name}.conv_kxk.${i}`, kernel),
  );
  const scale = kernel > 1 ? [branch(`${name}.conv_scale`, 1)] : [];
  const values = [...scale, ...equals, ...identity];
  let sum = values.length > 1 ? b.add(`${name}.sum`, values) : values[0]!;
  if (options.squeezeExcite) sum = squeezeExcite(b, `${name}.attn`, sum);
  return b.activation('relu', `${name}.act`, sum);
}

/** Squeeze-excite (Hu et al. 2018) with reduction 16. */
function squeezeExcite(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[0]!;
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const squeeze = { outChannels: squeezed(channels), kernel: 1, bias: true };
  const hidden = b.activation('relu', `${name}.act`, b.conv2d(`${name}.fc1`, pooled, squeeze));
  const excite = b.conv2d(`${name}.fc2`, hidden, { outChannels: channels, kernel: 1, bias: true });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, excite));
}

/** A sixteenth of the channels, rounded to a multiple of eight, at least eight (timm's make_divisible). */
function squeezed(channels: number): number {
  return Math.max(8, 8 * Math.floor((channels / 16 + 4) / 8));
}
