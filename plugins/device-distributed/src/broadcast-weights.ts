import type { ReplicaGroup } from '@refold/core';
import type { NamedTensors } from '@refold/graph';

/** The weights of rank 0 on every rank, so that all begin alike whatever they read or drew. A collective. */
export async function broadcastWeights(
  weights: NamedTensors,
  group: ReplicaGroup,
): Promise<NamedTensors> {
  const entries = [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
  const length = entries.reduce((sum, [, { data }]) => sum + data.length, 0);
  const flat = new Float32Array(length);
  let offset = 0;
  for (const [, { data }] of entries) {
    flat.set(data, offset);
    offset += data.length;
  }
  await group.broadcast(flat, 0);
  offset = 0;
  return new Map(
    entries.map(([name, { shape, data }]) => [
      name,
      { shape, data: flat.slice(offset, (offset += data.length)) },
    ]),
  );
}
