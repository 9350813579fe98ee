import type { ModelContext } from '@refold/core';
import { GraphBuilder, type BatchNormAttrs, type Graph, type Value } from '@refold/graph';
import type { RepvggSpec } from './repvgg-spec.js';

/** timm's: the BNs of a block start weak and uneven. */
const NORMAL_INIT = { weight: { mean: 0.1, std: 0.1 }, bias: { mean: 0, std: 0.1 } } as const;
const BN = { eps: 1e-5, momentum: 0.1 } as const;

interface Block {
  readonly outChannels: number;
  readonly stride: number;
  readonly groups: number;
  readonly squeezeExcite: boolean;
  readonly batchNorm: BatchNormAttrs;
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
  const batchNorm = spec.batchNormInit === 'normal' ? { ...BN, init: NORMAL_INIT } : BN;
  const common = { squeezeExcite: spec.squeezeExcite, batchNorm };
  x = repvggBlock(b, 'stem', x, { ...common, outChannels: spec.stem, stride: 2, groups: 1 });
  for (const [stage, depth] of spec.depths.entries()) {
    for (let i = 0; i < depth; i++) {
      x = repvggBlock(b, `stages.${stage}.${i}`, x, {
        ...common,
        outChannels: spec.widths[stage]!,
        stride: i === 0 ? 2 : 1,
        groups: (i + 1) % spec.groupEvery === 0 ? spec.groups : 1,
      });
    }
  }
  x = b.flatten('head.flatten', b.globalAvgPool('head.global_pool', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'head.drop', [x], { rate: spec.dropRate });
  return b.build(b.linear('head.fc', x, { outFeatures: numClasses }));
}

function repvggBlock(b: GraphBuilder, name: string, x: Value, block: Block): Value {
  const { outChannels, stride, groups } = block;
  const norm = (path: string, y: Value) => b.node('batch_norm', path, [y], block.batchNorm);
  const branch = (path: string, kernel: number): Value => {
    const padding = (kernel - 1) / 2;
    const conv = { outChannels, kernel, stride, padding, groups };
    return norm(`${path}.bn`, b.conv2d(`${path}.conv`, x, conv));
  };
  const hasIdentity = x.shape[0] === outChannels && stride === 1;
  // Nodes in the order of timm's state dict.
  const identity = hasIdentity ? [norm(`${name}.identity`, x)] : [];
  const convolutions = [branch(`${name}.conv_kxk`, 3), branch(`${name}.conv_1x1`, 1)];
  let sum = b.add(`${name}.sum`, [...convolutions, ...identity]);
  if (block.squeezeExcite) sum = squeezeExcite(b, `${name}.attn`, sum);
  return b.activation('relu', `${name}.act`, sum);
}

/** Squeeze-excite (Hu et al. 2018) with reduction 16: channels are weighted by what the whole image shows. */
function squeezeExcite(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[0]!;
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const squeeze = { outChannels: Math.max(1, Math.round(channels / 16)), kernel: 1, bias: true };
  const hidden = b.activation('relu', `${name}.act`, b.conv2d(`${name}.fc1`, pooled, squeeze));
  const excite = b.conv2d(`${name}.fc2`, hidden, { outChannels: channels, kernel: 1, bias: true });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, excite));
}
