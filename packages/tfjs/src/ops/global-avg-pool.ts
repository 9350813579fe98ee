import { mul, ones, type Tensor4D } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';
import { spatialMean } from './spatial-mean.js';

/** `[N, H, W, C]` → `[N, 1, 1, C]`; every pixel gets dy / (H · W). */
export const globalAvgPool: OpKernel<'global_avg_pool'> = {
  forward: ({ inputs }) => ({ output: spatialMean(inputs[0] as Tensor4D), saved: [] }),
  backward({ dy, inputShapes: [shape], needs }) {
    if (!needs[0]) return { inputs: [null] };
    const [, height = 1, width = 1] = shape ?? [];
    return { inputs: [mul(mul(dy, 1 / (height * width)), ones([1, height, width, 1]))] };
  },
};
