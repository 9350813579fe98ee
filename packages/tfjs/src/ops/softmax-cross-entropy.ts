import { InternalError } from '@refold/graph';
import type { OpKernel } from './op-kernel.js';

/**
 * The end of a training program: `crossEntropy` computes it on the host in float64 from the logits, which are read
 * back each step anyway, so the executor never runs it.
 */
export const softmaxCrossEntropy: OpKernel<'softmax_cross_entropy'> = {
  forward({ node }) {
    throw new InternalError(`The loss '${node.name}' is computed on the host.`);
  },
  backward({ node }) {
    throw new InternalError(`The loss '${node.name}' is computed on the host.`);
  },
};
