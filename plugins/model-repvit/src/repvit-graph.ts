import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Conv2dOptions, type Graph, type Value } from '@refold/graph';
import type { RepvitSpec } from './repvit-spec.js';

/** The last BN of every channel mixer starts at 0, so that blocks start as the identity. */
const ZERO_INIT = { weight: { mean: 0, std: 0 }, bias: { mean: 0, std: 0 } } as const;

/**
 * RepViT in train form (Wang et al. 2023, figures 3 and 4), with timm's names. A block mixes pixels by
 * `BN( BN(depthwise 3×3(x)) + depthwise 1×1(x) + x )`, every other one with squeeze-excite, then channels by
 * `x + BN(1×1( gelu( BN(1×1(x)) ) ))`. The answer is the mean of two classifiers, each a BN and a linear layer.
 */
export function repvitGraph(spec: RepvitSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  const { legacy } = spec;
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const stem = { kernel: 3, stride: 2, padding: 1 };
  const width = spec.widths[0]!;
  x = convNorm(b, 'stem.conv1', x, { ...stem, outChannels: width / 2 });
  x = b.activation('gelu', 'stem.act1', x);
  x = convNorm(b, 'stem.conv2', x, { ...stem, outChannels: width });
  for (const [stage, depth] of spec.depths.entries()) {
    const path = `stages.${stage}`;
    if (stage > 0) x = downsample(b, `${path}.downsample`, x, spec.widths[stage]!, legacy);
    for (let i = 0; i < depth; i++) {
      x = block(b, `${path}.blocks.${i}`, x, { legacy, squeezeExcite: i % 2 === 0 });
    }
  }
  x = b.flatten('flatten', b.globalAvgPool('global_pool', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'head_drop', [x], { rate: spec.dropRate });
  const classifier = (path: string): Value =>
    b.linear(`${path}.l`, b.batchNorm(`${path}.bn`, x), { outFeatures: numClasses });
  const answer = classifier('head.head');
  if (!spec.distillation) return b.build(answer);
  const mean = b.weightedSum('head.mean', [
    [0.5, answer],
    [0.5, classifier('head.head_dist')],
  ]);
  return b.build(mean);
}

interface Block {
  readonly legacy: boolean;
  readonly squeezeExcite: boolean;
}

function block(b: GraphBuilder, name: string, x: Value, options: Block): Value {
  let y = tokenMixer(b, `${name}.token_mixer`, x, options.legacy);
  if (options.squeezeExcite) y = excited(b, `${name}.se`, y);
  return channelMixer(b, `${name}.channel_mixer`, y, `${name}.sum`);
}

function tokenMixer(b: GraphBuilder, name: string, x: Value, legacy: boolean): Value {
  const channels = x.shape[0]!;
  const depthwise = { outChannels: channels, groups: channels };
  const wide = convNorm(b, `${name}.conv`, x, { ...depthwise, kernel: 3, padding: 1 });
  const point = legacy
    ? convNorm(b, `${name}.conv1`, x, { ...depthwise, kernel: 1 })
    : b.conv2d(`${name}.conv1`, x, { ...depthwise, kernel: 1, bias: true });
  const sum = b.add(`${name}.sum`, [wide, point, x]);
  return legacy ? sum : b.batchNorm(`${name}.bn`, sum);
}

/** With its residual. @param sum name of the node that adds */
function channelMixer(b: GraphBuilder, name: string, x: Value, sum: string): Value {
  const channels = x.shape[0]!;
  const wide = convNorm(b, `${name}.conv1`, x, { outChannels: 2 * channels, kernel: 1 });
  const active = b.activation('gelu', `${name}.act`, wide);
  const narrow = b.conv2d(`${name}.conv2.c`, active, { outChannels: channels, kernel: 1 });
  return b.add(sum, [x, b.batchNorm(`${name}.conv2.bn`, narrow, { init: ZERO_INIT })]);
}

function downsample(
  b: GraphBuilder,
  name: string,
  x: Value,
  outChannels: number,
  legacy: boolean,
): Value {
  const channels = x.shape[0]!;
  let y = block(b, `${name}.pre_block`, x, { legacy, squeezeExcite: false });
  const strided = { kernel: 3, stride: 2, padding: 1, groups: channels };
  y = convNorm(b, `${name}.spatial_downsample`, y, { ...strided, outChannels: channels });
  y = convNorm(b, `${name}.channel_downsample`, y, { outChannels, kernel: 1 });
  return channelMixer(b, `${name}.ffn`, y, `${name}.sum`);
}

/** Squeeze-excite (Hu et al. 2018) with reduction 4, squeezed channels rounded to a multiple of eight. */
function excited(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[0]!;
  const squeezed = Math.max(8, 8 * Math.floor((channels / 4 + 4) / 8));
  const point = { kernel: 1, bias: true };
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const reduced = b.conv2d(`${name}.fc1`, pooled, { ...point, outChannels: squeezed });
  const hidden = b.activation('relu', `${name}.act`, reduced);
  const expanded = b.conv2d(`${name}.fc2`, hidden, { ...point, outChannels: channels });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, expanded));
}

/** `<name>.c` and `<name>.bn`. */
function convNorm(b: GraphBuilder, name: string, x: Value, options: Conv2dOptions): Value {
  return b.batchNorm(`${name}.bn`, b.conv2d(`${name}.c`, x, options));
}
