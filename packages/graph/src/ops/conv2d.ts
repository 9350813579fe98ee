import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import { sizeOf, type TensorSpec } from '../tensor.js';
import { imageShape } from './image-shape.js';
import type { OpDefinition } from './op-definition.js';
import { extent, pair } from './pair.js';

/**
 * y[o, y, x] = bias[o] + Σ_{i, dy, dx} weight[o, i, dy, dx] · x[g(o) + i, y·s + dy·d − p, x·s + dx·d − p],
 * zeros outside (cross-correlation, as PyTorch's Conv2d). Padding is always explicit.
 */
export const conv2d: OpDefinition<'conv2d'> = {
  op: 'conv2d',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({
    outChannels: z.number().int().positive(),
    kernel: pair.positive,
    stride: pair.positive,
    padding: pair.nonNegative,
    dilation: pair.positive,
    groups: z.number().int().positive(),
    bias: z.boolean(),
    init: z.exactOptional(z.literal('identity')),
  }),
  shape(attrs, [input]) {
    const [channels, height, width] = imageShape('conv2d', input);
    if (channels % attrs.groups !== 0 || attrs.outChannels % attrs.groups !== 0) {
      throw shapeMismatch(
        'conv2d',
        `channels divisible by groups ${attrs.groups}`,
        `${channels} → ${attrs.outChannels}`,
      );
    }
    return [
      attrs.outChannels,
      extent(height, attrs.kernel[0], attrs.stride[0], attrs.padding[0], attrs.dilation[0]),
      extent(width, attrs.kernel[1], attrs.stride[1], attrs.padding[1], attrs.dilation[1]),
    ];
  },
  tensors(attrs, [input]) {
    const [channels] = imageShape('conv2d', input);
    const [kh, kw] = attrs.kernel;
    const fanOut = (kh * kw * attrs.outChannels) / attrs.groups;
    const weight: TensorSpec = {
      name: 'weight',
      shape: [attrs.outChannels, channels / attrs.groups, kh, kw],
      kind: 'parameter',
      init:
        attrs.init === 'identity'
          ? { kind: 'identity', groups: attrs.groups }
          : { kind: 'normal', std: Math.sqrt(2 / fanOut) },
    };
    const bias: TensorSpec = {
      name: 'bias',
      shape: [attrs.outChannels],
      kind: 'parameter',
      init: { kind: 'constant', value: 0 },
    };
    return attrs.bias ? [weight, bias] : [weight];
  },
  macs(attrs, [input], output) {
    const [channels] = imageShape('conv2d', input);
    return sizeOf(output) * (channels / attrs.groups) * attrs.kernel[0] * attrs.kernel[1];
  },
};
