import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import type { RepvggSpec } from './repvgg-spec.js';

interface Block {
  readonly outChannels: number;
  readonly stride: number;
  readonly groups: number;
  readonly squeezeExcite: boolean;
}

/**
 * RepVGG in train form (Ding et al. 2021, figure 2), with timm's names. Every block is
 * `ReLU( BN(conv3×3) + BN(conv1×1) + BN(identity) )`; the identity only where shapes agree.
 */
export function repvggGraph(spec: RepvggSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const stem = { outChannels: spec.stem, stride: 2, groups: 1, squeezeExcite: spec.squeezeExcite };
  x = repvggBlock(b, 'stem', x, stem);
  let layer = 1;
  for (const [stage, depth] of spec.depths.entries()) {
    for (let i = 0; i < depth; i++) {
      x = repvggBlock(b, `stages.${stage}.${i}`, x, {
        outChannels: spec.widths[stage]!,
        stride: i === 0 ? 2 : 1,
        groups: layer % 2 === 0 ? spec.groups : 1,
        squeezeExcite: spec.squeezeExcite,
      });
      layer++;
    }
  }
  x = b.flatten('head.flatten', b.globalAvgPool('head.global_pool', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'head.drop', [x], { rate: spec.dropRate });
  return b.build(b.linear('head.fc', x, { outFeatures: numClasses }));
}

function repvggBlock(b: GraphBuilder, name: string, x: Value, block: Block): Value {
  const { outChannels, stride, groups } = block;
  const branch = (path: string, kernel: number): Value => {
    const padding = (kernel - 1) / 2;
    const conv = { outChannels, kernel, stride, padding, groups };
    return b.batchNorm(`${path}.bn`, b.conv2d(`${path}.conv`, x, conv));
  };
  const branches = [branch(`${name}.conv_kxk`, 3), branch(`${name}.conv_1x1`, 1)];
  if (x.shape[0] === outChannels && stride === 1) {
    branches.unshift(b.batchNorm(`${name}.identity`, x));
  }
  let sum = b.add(`${name}.sum`, branches);
  if (block.squeezeExcite) sum = squeezeExcite(b, `${name}.attn`, sum);
  return b.activation('relu', `${name}.act`, sum);
}

/** Squeeze-excite (Hu et al. 2018) with reduction 16: channels are weighted by what the whole image shows. */
function squeezeExcite(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[0]!;
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const squeeze = { outChannels: channels / 16, kernel: 1, bias: true };
  const hidden = b.activation('relu', `${name}.act`, b.conv2d(`${name}.fc1`, pooled, squeeze));
  const excite = b.conv2d(`${name}.fc2`, hidden, { outChannels: channels, kernel: 1, bias: true });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, excite));
}
