import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import { sizeOf, type SampleShape, type TensorSpec } from '../tensor.js';
import type { OpDefinition } from './op-definition.js';

/** y[o] = bias[o] + Σ_i weight[o, i] · x[i] */
export const linear: OpDefinition<'linear'> = {
  op: 'linear',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({ outFeatures: z.number().int().positive(), bias: z.boolean() }),
  shape(attrs, [input]) {
    features(input);
    return [attrs.outFeatures];
  },
  tensors(attrs, [input]) {
    const weight: TensorSpec = {
      name: 'weight',
      shape: [attrs.outFeatures, features(input)],
      kind: 'parameter',
      init: { kind: 'normal', std: 0.01 },
    };
    const bias: TensorSpec = {
      name: 'bias',
      shape: [attrs.outFeatures],
      kind: 'parameter',
      init: { kind: 'constant', value: 0 },
    };
    return attrs.bias ? [weight, bias] : [weight];
  },
  macs: (_attrs, [input], output) => features(input) * sizeOf(output),
};

function features(shape: SampleShape | undefined): number {
  const [count] = shape ?? [];
  if (shape?.length !== 1 || count === undefined) {
    throw shapeMismatch('linear', 'an input [F] (flatten comes before)', `[${String(shape)}]`);
  }
  return count;
}
