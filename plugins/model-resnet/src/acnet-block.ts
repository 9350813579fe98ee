import type { GraphBuilder, Value } from '@refold/graph';
import type { ConvOptions } from './conv-norm.js';

/**
 * Asymmetric convolution block (Ding et al. 2019, "ACNet", figure 1): `BN(k×k) + BN(k×1) + BN(1×k)`, centred alike.
 * The narrow kernels strengthen the skeleton of the square one that all three become. Names below `name` are the
 * authors'.
 */
export function acnetBlock(b: GraphBuilder, name: string, x: Value, options: ConvOptions): Value {
  const { kernel: k, ...common } = options;
  const branch = (kind: string, kernel: readonly [number, number]) => {
    const padding = [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2] as const;
    const conv = b.conv2d(`${name}.${kind}_conv`, x, { ...common, kernel, padding });
    return b.batchNorm(`${name}.${kind}_bn`, conv);
  };
  const values = [branch('square', [k, k]), branch('ver', [k, 1]), branch('hor', [1, k])];
  return b.add(`${name}.sum`, values);
}
