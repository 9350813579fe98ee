import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Graph } from '@refold/graph';
import { repvggBlock } from './repvgg-block.js';
import type { RepvggSpec } from './repvgg-spec.js';

/** timm's: the BNs of a block start weak and uneven. */
const NORMAL_INIT = { weight: { mean: 0.1, std: 0.1 }, bias: { mean: 0, std: 0.1 } } as const;
const BN = { eps: 1e-5, momentum: 0.1 } as const;

/**
 * RepVGG in train form (Ding et al. 2021), with timm's names: a stem, stages of blocks of which the first halves the
 * image, global average pooling and one linear layer. {@link repvggBlock} says what a block computes.
 */
export function repvggGraph(spec: RepvggSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const batchNorm = spec.batchNormInit === 'normal' ? { ...BN, init: NORMAL_INIT } : BN;
  const common = {
    kind: spec.block ?? 'repvgg',
    squeezeExcite: spec.squeezeExcite,
    postSqueezeExcite: spec.postSqueezeExcite ?? false,
    batchNorm,
  };
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
