import type { BorrowedGradients, GradientBucket } from '@refold/core';
import type { ReplicaSums, SharedFloats } from './replica-sums.js';

/** Where the gradients of one session lie while replicas sum them, and how they do. */
export interface GradientMemory {
  /** Whether all replicas reach it: what is added is summed in passing, without a wait for any of them. */
  readonly isShared: boolean;
  /** A bucket's gradients, where they can be summed. */
  gradientsOf(bucket: GradientBucket, index: number): Promise<BorrowedGradients>;
  /**
   * Begins the sum of what {@link gradientsOf} gave for one bucket, or for buckets that follow each other. All replicas add
   * the same buckets in the same order.
   */
  add(parts: readonly Float32Array[]): Promise<void>;
  /** Afterwards all that was added is summed. A collective. */
  finish(): Promise<void>;
  /** After the session is closed. */
  release(): void;
}

/**
 * In memory that all replicas reach.
 *
 * @param copied buckets of a device that keeps gradients elsewhere; null: they lie in the memory
 */
export function sharedGradients(
  shared: SharedFloats,
  copied: readonly GradientBucket[] | null,
): GradientMemory {
  const copies = copied && partsOf(shared.own, copied);
  const placeOf = (values: Float32Array) => (values.byteOffset - shared.own.byteOffset) / 4;
  return {
    isShared: true,
    gradientsOf: (bucket, i) => (copies ? copy(bucket, copies[i]!) : bucket.borrow!()),
    add(parts) {
      const last = parts.at(-1)!;
      return shared.add(placeOf(parts[0]!), placeOf(last) + last.length);
    },
    finish: () => shared.finish(),
    release: () => shared.release(),
  };
}

/** In each replica's own: `add` is a collective, and waits. @param isCompressed they travel in bfloat16 */
export function ownGradients(group: ReplicaSums, isCompressed: boolean): GradientMemory {
  // Arrays are kept: new pages cost more than copying.
  const copies: Float32Array[] = [];
  return {
    isShared: false,
    gradientsOf: (bucket, i) =>
      bucket.borrow?.() ?? copy(bucket, (copies[i] ??= new Float32Array(bucket.length))),
    async add(parts) {
      for (const values of parts)
        await (isCompressed ? group.allReduceSumCompressed(values) : group.allReduceSum(values));
    },
    finish: () => Promise.resolve(),
    release: () => undefined,
  };
}

async function copy(bucket: GradientBucket, into: Float32Array): Promise<BorrowedGradients> {
  return { values: await bucket.read(into), count: 1 };
}

function partsOf(memory: Float32Array, buckets: readonly GradientBucket[]): Float32Array[] {
  let end = 0;
  return buckets.map(({ length }) => memory.subarray((end += length) - length, end));
}
