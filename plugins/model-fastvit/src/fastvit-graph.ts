import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import type { FastvitSpec } from './fastvit-spec.js';
import { convNorm, mobileoneBlock } from './mobileone-block.js';

/**
 * FastViT without attention in train form (Vasu et al. 2023, figure 2), with timm's names. A block mixes pixels by
 * RepMixer, `x + γ·(mixer(x) − BN(x))` with a MobileOne block as mixer, then channels by
 * `x + γ·(1×1( gelu( 1×1( BN(depthwise 7×7(x)) ) ) ))`. Layer scales are nodes `….layer_scale` with a tensor `weight`.
 */
export function fastvitGraph(spec: FastvitSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const width = spec.widths[0]!;
  const activation = 'gelu' as const;
  const wide = { outChannels: width, kernel: 3, stride: 2, activation };
  x = mobileoneBlock(b, 'stem.0', x, wide);
  x = mobileoneBlock(b, 'stem.1', x, { ...wide, groups: width });
  x = mobileoneBlock(b, 'stem.2', x, { outChannels: width, kernel: 1, activation });
  const last = spec.depths.reduce((total, depth) => total + depth, 0) - 1;
  let index = 0;
  for (const [stage, depth] of spec.depths.entries()) {
    const path = `stages.${stage}`;
    if (stage > 0) x = downsample(b, `${path}.downsample.proj`, x, spec.widths[stage]!);
    for (let i = 0; i < depth; i++, index++) {
      x = block(b, `${path}.blocks.${i}`, x, {
        hidden: Math.floor(x.shape[0]! * spec.mlpRatios[stage]!),
        layerScale: spec.layerScale,
        dropPath: last > 0 ? (spec.dropPathRate * index) / last : 0,
      });
    }
  }
  const channels = x.shape[0]!;
  x = mobileoneBlock(b, 'final_conv', x, {
    ...{ outChannels: 2 * channels, kernel: 3, groups: channels, activation },
    squeezeExcite: true,
  });
  x = b.flatten('head.flatten', b.globalAvgPool('head.global_pool', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'head.drop', [x], { rate: spec.dropRate });
  return b.build(b.linear('head.fc', x, { outFeatures: numClasses }));
}

interface Block {
  readonly hidden: number;
  readonly layerScale: number;
  readonly dropPath: number;
}

function block(b: GraphBuilder, name: string, x: Value, options: Block): Value {
  const { hidden, layerScale: init, dropPath: rate } = options;
  const mixed = repMixer(b, `${name}.token_mixer`, x, init);
  let y = b.node('scale', `${name}.layer_scale`, [mlp(b, `${name}.mlp`, mixed, hidden)], { init });
  if (rate > 0) y = b.node('drop_path', `${name}.drop_path`, [y], { rate });
  return b.add(`${name}.sum`, [mixed, y]);
}

function repMixer(b: GraphBuilder, name: string, x: Value, init: number): Value {
  const channels = x.shape[0]!;
  // Nodes in the order of timm's state dict.
  const norm = b.batchNorm(`${name}.norm.identity`, x);
  const depthwise = { outChannels: channels, kernel: 3, groups: channels };
  const difference = b.weightedSum(`${name}.difference`, [
    [1, mobileoneBlock(b, `${name}.mixer`, x, depthwise)],
    [-1, norm],
  ]);
  const scaled = b.node('scale', `${name}.layer_scale`, [difference], { init });
  return b.add(`${name}.sum`, [x, scaled]);
}

function mlp(b: GraphBuilder, name: string, x: Value, hidden: number): Value {
  const channels = x.shape[0]!;
  const depthwise = { outChannels: channels, kernel: 7, padding: 3, groups: channels };
  const mixed = convNorm(b, `${name}.conv`, x, depthwise);
  const point = { kernel: 1, bias: true };
  const wide = b.conv2d(`${name}.fc1`, mixed, { ...point, outChannels: hidden });
  const active = b.activation('gelu', `${name}.act`, wide);
  return b.conv2d(`${name}.fc2`, active, { ...point, outChannels: channels });
}

/** A large kernel with a small one beside it (RepLKNet), halving the image, then a pointwise MobileOne block. */
function downsample(b: GraphBuilder, name: string, x: Value, outChannels: number): Value {
  const strided = { outChannels, stride: 2, groups: x.shape[0]! };
  const sum = b.add(`${name}.0.sum`, [
    convNorm(b, `${name}.0.large_conv`, x, { ...strided, kernel: 7, padding: 3 }),
    convNorm(b, `${name}.0.small_conv`, x, { ...strided, kernel: 3, padding: 1 }),
  ]);
  return mobileoneBlock(b, `${name}.1`, sum, { outChannels, kernel: 1, activation: 'gelu' });
}
