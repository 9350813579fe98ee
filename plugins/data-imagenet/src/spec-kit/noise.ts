import { createHash } from 'node:crypto';
import type { Pixels } from '@refold/images';

/** A picture made of a multiplicative sequence, the same in Python: `(i * 2654435761 % 2**32) >> 24`. */
export function noise(width: number, height: number): Pixels {
  const data_HWC = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => Math.imul(i, 2654435761) >>> 24,
  );
  return { data_HWC, width, height, channels: 3 };
}

/** First 16 hex digits of the SHA-1, by which bytes are compared with those that Pillow made. */
export function digest(bytes: NodeJS.ArrayBufferView): string {
  return createHash('sha1').update(bytes).digest('hex').slice(0, 16);
}
