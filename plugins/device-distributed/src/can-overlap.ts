import { availableParallelism, cpus } from 'node:os';

/** Cores that this process may use, and those of the machine. */
export interface Cores {
  readonly mine: number;
  readonly all: number;
}

/**
 * Whether sums of gradients gain from running beside the backward pass: where a network is waited for, or a core is free.
 * On cores that all compute they only take turns with it, and each wait for the other ranks' turns takes time of a core.
 *
 * @param hosts of all ranks, where they are known
 * @param threads that compute in each rank
 */
export function canOverlap(
  hosts: readonly string[] | undefined,
  threads: number,
  { mine, all }: Cores = { mine: availableParallelism(), all: cpus().length },
): boolean {
  if (!hosts || new Set(hosts).size > 1) return true;
  // A rank that is bound to cores has them for itself, else all ranks share the machine's.
  const isBound = mine < all;
  return mine > threads * (isBound ? 1 : hosts.length);
}
