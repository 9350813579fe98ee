import { reshape, transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** Channels become the slowest axis, as in the graph's own order. */
export const flatten: OpKernel<'flatten'> = {
  forward({ inputs: [x] }) {
    const channelsFirst = isImage(x!) ? transpose(x!, [0, 3, 1, 2]) : x!;
    return { output: reshape(channelsFirst, [x!.shape[0] ?? 0, -1]), saved: [] };
  },
  backward({ dy, inputShapes: [shape = []], needs }) {
    if (!needs[0]) return { inputs: [null] };
    const batch = dy.shape[0] ?? 0;
    if (shape.length !== 3) return { inputs: [reshape(dy, [batch, ...shape])] };
    const [channels = 1, height = 1, width = 1] = shape;
    if (height * width === 1) return { inputs: [reshape(dy, [batch, 1, 1, channels])] };
    return { inputs: [transpose(reshape(dy, [batch, channels, height, width]), [0, 2, 3, 1])] };
  },
};

function isImage(x: Tensor): boolean {
  return x.rank === 4 && (x.shape[1] ?? 1) * (x.shape[2] ?? 1) > 1;
}
