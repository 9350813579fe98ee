import type { Split } from '@refold/core';

/** A split whose folder is missing: every use of it fails with the reason why. */
export function absentSplit(reason: Error): Split {
  const fail = (): never => {
    throw reason;
  };
  return {
    get size(): number {
      return fail();
    },
    batchCount: fail,
    batches: fail,
    sampleName: fail,
  };
}
