import { availableParallelism, cpus } from 'node:os';

/** Cores that this process may use, and those of the machine. */
export interface Cores {
  readonly mine: number;
  readonly all: number;
}

export interface Ranks {
  /** Whether gradients lie in memory that all ranks reach. */
  readonly isShared: boolean;
  /** Of all ranks, where they are known. */
  readonly hosts: readonly string[] | undefined;
  /** That compute in each rank. */
  readonly threads: number;
}

/**
 * Whether sums of gradients gain from running beside the backward pass: where no rank waits in them, as in shared memory,
 * where a network is waited for, or a core is free. Elsewhere a wait for the other ranks takes time of a core that computes.
 */
export function canOverlap(
  { isShared, hosts, threads }: Ranks,
  { mine, all }: Cores = { mine: availableParallelism(), all: cpus().length },
): boolean {
  if (isShared || !hosts || new Set(hosts).size > 1) return true;
  // A rank that is bound to cores has them for itself, else all ranks share the machine's.
  const isBound = mine < all;
  return mine > threads * (isBound ? 1 : hosts.length);
}
