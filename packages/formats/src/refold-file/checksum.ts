import { createHash } from 'node:crypto';
import type { StoredTensor } from '../tensors/stored-tensor.js';

/** Key of the checksum in a file's metadata. */
export const CHECKSUM_KEY = 'refold.checksum';

/** SHA-256 over metadata (without the checksum itself) and tensors, each in order of name. Hexadecimal. */
export function checksum(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): string {
  const hash = createHash('sha256');
  for (const [key, value] of Object.entries(metadata).sort(byName)) {
    if (key !== CHECKSUM_KEY) hash.update(`${JSON.stringify([key, value])}\n`);
  }
  for (const [name, { dtype, shape, data }] of [...tensors].sort(byName)) {
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`).update(data);
  }
  return hash.digest('hex');
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
