import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import { convNorm } from './conv-norm.js';
import type { ResnetSpec } from './resnet-spec.js';

/**
 * ResNet in train form (He et al. 2016), with the names of torchvision and timm: a 7×7 stem of stride 2, 3×3 maximum of
 * stride 2, stages of residual blocks of which all but the first stage halve the image, global average pooling and one
 * linear layer. Every convolution with its BN, of whatever kind, becomes one convolution when fused.
 */
export function resnetGraph(spec: ResnetSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  const stem = { outChannels: spec.stem, kernel: 7, stride: 2 };
  x = convNorm(b, 'plain', { conv: 'conv1', bn: 'bn1' }, x, stem);
  x = b.activation('relu', 'act1', x);
  x = b.maxPool('maxpool', x, { kernel: 3, stride: 2, padding: 1 });
  for (const [stage, depth] of spec.depths.entries()) {
    for (let i = 0; i < depth; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      x = residual(b, `layer${stage + 1}.${i}`, x, spec, spec.widths[stage]!, stride);
    }
  }
  x = b.flatten('flatten', b.globalAvgPool('global_pool', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'drop', [x], { rate: spec.dropRate });
  return b.build(b.linear('fc', x, { outFeatures: numClasses }));
}

/** `ReLU( F(x) + x )`, the x by a 1×1 convolution with BN where shapes differ. */
function residual(
  b: GraphBuilder,
  name: string,
  x: Value,
  { block, bottleneck }: ResnetSpec,
  width: number,
  stride: number,
): Value {
  const outChannels = bottleneck ? 4 * width : width;
  const point = { outChannels: width, kernel: 1, stride: 1 };
  const wide = { outChannels: width, kernel: 3, stride: 1 };
  const layers = bottleneck
    ? [point, { ...wide, stride }, { ...point, outChannels }]
    : [{ ...wide, stride }, wide];
  let y = x;
  for (const [i, options] of layers.entries()) {
    const place = { conv: `${name}.conv${i + 1}`, bn: `${name}.bn${i + 1}` };
    y = convNorm(b, block, place, y, options);
    if (i < layers.length - 1) y = b.activation('relu', `${name}.act${i + 1}`, y);
  }
  const place = { conv: `${name}.downsample.0`, bn: `${name}.downsample.1` };
  const shortcut =
    stride === 1 && x.shape[0] === outChannels
      ? x
      : convNorm(b, 'plain', place, x, { outChannels, kernel: 1, stride });
  const sum = b.add(`${name}.sum`, [y, shortcut]);
  return b.activation('relu', `${name}.act`, sum);
}
