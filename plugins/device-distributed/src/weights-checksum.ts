import { createHash } from 'node:crypto';
import type { NamedTensors } from '@refold/graph';

/** 48 bits of a hash of every tensor's name and bytes, as a number: equal for equal weights. */
export function weightsChecksum(tensors: NamedTensors): number {
  const hash = createHash('md5');
  for (const [name, { data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest().readUIntBE(0, 6);
}
