import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import type { BatchNormAttrs, NormalInit } from '../op-attrs.js';
import type { Initialiser, SampleShape, TensorSpec } from '../tensor.js';
import type { OpDefinition } from './op-definition.js';

const normalInit = z.strictObject({ mean: z.number(), std: z.number().nonnegative() }).readonly();

/**
 * y[c] = weight[c] · (x[c] − μ[c]) / √(σ²[c] + eps) + bias[c].
 *
 * Inference: μ, σ² are `running_mean`, `running_var`. Training: mean and biased variance of the channel over
 * batch, height and width (of a vector: over the batch); then running ← (1 − momentum) · running + momentum · batch, the variance unbiased.
 */
export const batchNorm: OpDefinition<'batch_norm'> = {
  op: 'batch_norm',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({
    eps: z.number().positive(),
    momentum: z.number().min(0).max(1),
    init: z.exactOptional(z.strictObject({ weight: normalInit, bias: normalInit }).readonly()),
  }),
  shape(_attrs, [input = []]) {
    channelsOf(input);
    return input;
  },
  tensors(attrs, [input = []]) {
    const shape = [channelsOf(input)];
    const constant = (value: number): Initialiser => ({ kind: 'constant', value });
    const init = affineInit(attrs);
    const specs: TensorSpec[] = [
      { name: 'weight', shape, kind: 'parameter', init: init.weight },
      { name: 'bias', shape, kind: 'parameter', init: init.bias },
      { name: 'running_mean', shape, kind: 'buffer', init: constant(0) },
      { name: 'running_var', shape, kind: 'buffer', init: constant(1) },
    ];
    return specs;
  },
};

function channelsOf(shape: SampleShape): number {
  const [channels] = shape;
  if ((shape.length !== 3 && shape.length !== 1) || channels === undefined) {
    throw shapeMismatch('batch_norm', 'an input [C, H, W] or [C]', `[${String(shape)}]`);
  }
  return channels;
}

function affineInit({ init }: BatchNormAttrs): { weight: Initialiser; bias: Initialiser } {
  const normal = ({ mean, std }: NormalInit): Initialiser => ({ kind: 'normal', mean, std });
  return init
    ? { weight: normal(init.weight), bias: normal(init.bias) }
    : { weight: { kind: 'constant', value: 1 }, bias: { kind: 'constant', value: 0 } };
}
