import { isRefoldError } from '@refold/graph';
import { bytesOf } from '../tensors/tensor-source.js';
import { openMemory } from './fixtures.js';

/**
 * What becomes of bytes that may be damaged: `read` with all tensors, or the code of the RefoldError. Everything else is
 * thrown on, so that a spec fails.
 */
export async function outcomeOf(bytes: Uint8Array): Promise<string> {
  try {
    const { tensors } = await openMemory(bytes);
    for (const tensor of tensors.values()) {
      const length = bytesOf(tensor);
      // Files may claim more than a spec should take; that they are read when asked for is the point.
      if (length > 1 << 24) continue;
      const data = await tensor.read().catch((error: unknown) => {
        if (isRefoldError(error)) return null;
        throw error;
      });
      if (data && data.length !== length) {
        throw new Error(`${data.length} bytes instead of ${length}`);
      }
    }
    return 'read';
  } catch (error) {
    if (isRefoldError(error)) return error.code;
    throw error;
  }
}
