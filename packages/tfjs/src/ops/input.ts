import { InternalError } from '@refold/graph';
import type { OpKernel } from './op-kernel.js';

/** The batch; the executor puts it there before the first node runs. */
export const input: OpKernel<'input'> = {
  forward({ node }) {
    throw new InternalError(`The input '${node.name}' was not given.`);
  },
  backward: () => ({ inputs: [] }),
};
