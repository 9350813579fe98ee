import { mul as times, type Tensor4D } from '@tensorflow/tfjs-core';
import { spatialMean } from './spatial-mean.js';
import type { OpKernel } from './op-kernel.js';

/** y = a · b; da = dy · b; db = dy · a, summed over the image where b is one value per channel. */
export const mul: OpKernel<'mul'> = {
  forward({ inputs: [a, b] }) {
    return { output: times(a!, b!), saved: [a!, b!] };
  },
  backward({ dy, saved: [a, b], needs }) {
    const da = needs[0] ? times(dy, b!) : null;
    if (!needs[1]) return { inputs: [da, null] };
    const products = times(dy, a!);
    const perChannel = b!.size < a!.size;
    const area = perChannel ? (a!.shape[1] ?? 1) * (a!.shape[2] ?? 1) : 1;
    const db = perChannel ? times(spatialMean(products as Tensor4D), area) : products;
    return { inputs: [da, db] };
  },
};
