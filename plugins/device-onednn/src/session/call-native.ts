import { InternalError } from '@refold/graph';
import { outOfMemory, unsupported } from '../errors.js';

/**
 * Awaits a call of the addon; what it throws becomes an error of ours: its own codes are for users, the rest is a bug.
 *
 * @throws RefoldError `RF-DEVICE-MEMORY`, `RF-DEVICE-UNSUPPORTED`
 */
export async function callNative<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === 'OUT_OF_MEMORY') throw outOfMemory(message, error);
    if (code === 'UNSUPPORTED') throw unsupported(message, error);
    throw new InternalError(`The native addon failed: ${message}.`);
  }
}
