import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** Asynchronous calls run on stacks of this size; koffi's own 128 KiB are little for a communication library. */
const STACK_BYTES = 2 ** 20;

let koffi: typeof Koffi | undefined;

/**
 * koffi, loaded when first needed: its native part exists for fewer platforms than Node does.
 *
 * @throws koffi's error where it has no native part for this platform.
 */
export function loadKoffi(): typeof Koffi {
  if (koffi !== undefined) return koffi;
  koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  try {
    koffi.config({ async_stack_size: STACK_BYTES });
  } catch {
    // Refused once any library has been loaded, by whomever: then it stays as it is.
  }
  return koffi;
}
