import type { BorrowedGradients, GradientBucket, GradientBuckets } from '@refold/core';
import { tensorUnknown } from '../errors.js';
import type { NativeSession } from '../native/native-addon.js';
import type { NativeProgram } from '../native/native-program.js';
import type { BackwardPasses } from './backward-passes.js';
import { callNative } from './call-native.js';

/**
 * The addon's buckets. Reading one waits for no more than its own part of the running backward pass. Writing one that was
 * not read in this pass waits for all of the pass: it may still be in the making.
 *
 * @param requireOpen throws where the session is closed
 */
export function gradientBuckets(
  { buckets, parameterCount, tensors }: NativeProgram,
  session: NativeSession,
  passes: BackwardPasses,
  requireOpen: () => void,
): GradientBuckets {
  return buckets.map((first, index): GradientBucket => {
    let length = 0;
    const parameters = tensors
      .slice(first, buckets[index + 1] ?? parameterCount)
      .map(({ name, size }) => ({ name, offset: (length += size) - size, length: size }));
    let passRead = 0;
    let borrowed: BorrowedGradients | undefined;
    const requireLength = (values: Float32Array): void => {
      if (values.length === length) return;
      const others = parameters.length - 1;
      const what = `gradients of ${parameters[0]?.name ?? ''} and ${others} more`;
      throw tensorUnknown(what, `${length} values`, `${values.length} values`);
    };
    return {
      parameters,
      length,
      async read(into) {
        requireOpen();
        passes.require();
        if (into) requireLength(into);
        const { newest } = passes;
        try {
          const values = await callNative(() => session.readBucket(index, into));
          passRead = newest;
          return values ?? into!;
        } catch (error) {
          // The session was closed while this waited.
          requireOpen();
          throw error;
        }
      },
      async borrow() {
        requireOpen();
        passes.require();
        const { newest } = passes;
        try {
          await callNative(() => session.waitForBucket(index));
        } catch (error) {
          requireOpen();
          throw error;
        }
        passRead = newest;
        borrowed = session.borrowBucket(index);
        return borrowed;
      },
      async write(values, count = 1) {
        requireOpen();
        passes.require();
        if (values !== borrowed?.values) requireLength(values);
        if (passRead !== passes.newest) await passes.finished;
        requireOpen();
        await callNative(() => session.writeBucket(index, values, count));
      },
    };
  });
}
