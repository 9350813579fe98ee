import { matMul, mul, step, type Tensor2D } from '@tensorflow/tfjs-core';
import { batchNormKernels } from './batch-norm.js';
import { channelSum as sumOfSums } from './channel-sum.js';
import { convolutionKernels } from './convolution.js';
import { depthwiseKernels } from './depthwise.js';
import type { KernelSet } from './kernel-set.js';
import { nativeKernel } from './native-kernel.js';

/**
 * Every kernel composed from tfjs-core ops, with a backend's own replacements put in. Compositions call the
 * replaced ones: batch normalisation sums channels by the backend's `channelSum`.
 */
export function portableKernels(replacements: Partial<KernelSet> = {}): KernelSet {
  const channelSum = replacements.channelSum ?? sumOfSums;
  return {
    ...convolutionKernels,
    ...depthwiseKernels(channelSum),
    matMul: (a, b, transposeA, transposeB) => matMul<Tensor2D>(a, b, transposeA, transposeB),
    ...batchNormKernels(channelSum),
    maxPoolGradient(dy, input, output, { kernel, stride }) {
      const attrs = { filterSize: [...kernel], strides: [...stride], pad: 'valid' };
      return nativeKernel('MaxPoolGrad', { dy, input, output }, attrs);
    },
    reluGradient: (dy, y) => mul(dy, step(y)),
    ...replacements,
    channelSum,
  };
}
