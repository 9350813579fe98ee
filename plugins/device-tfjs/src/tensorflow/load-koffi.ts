import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/**
 * koffi, loaded when first needed: its native part exists for fewer platforms than Node does, and
 * where it is missing the other devices of this plugin must still work.
 *
 * @throws koffi's error where it has no native part for this platform.
 */
export function loadKoffi(): typeof Koffi {
  return createRequire(import.meta.url)('koffi') as typeof Koffi;
}
