import type { TfjsWeight } from './topology-builder.js';

/** Browsers keep files of at most this size in their cache; the TensorFlow.js converter uses the same. */
export const SHARD_BYTES = 4 * 1024 * 1024;

/** The bytes of all weights, one after the other, cut into shards. Little-endian; views, so nothing is copied. */
export function weightShards(
  weights: readonly TfjsWeight[],
  shardBytes = SHARD_BYTES,
): readonly (readonly Uint8Array[])[] {
  const shards: Uint8Array[][] = [];
  let room = 0;
  for (const { data } of weights) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length;) {
      if (room === 0) {
        shards.push([]);
        room = shardBytes;
      }
      const part = bytes.subarray(at, at + room);
      shards.at(-1)!.push(part);
      at += part.length;
      room -= part.length;
    }
  }
  return shards;
}
