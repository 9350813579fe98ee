import type { ReplicaGroup, StatisticsGroup } from '@refold/core';

/** What the distributed device needs of the processes it belongs to: the group, and more ways to sum. */
export interface ReplicaSums extends ReplicaGroup {
  /** Name of every rank's machine, by rank, where they are known. */
  readonly hosts?: readonly string[];
  /** On the calling thread, beside sums that are running (synchronised batch norm). */
  sumBlocking(values: Float64Array): void;
  /** As `allReduceSum`, with half the bytes: every rank's values and the sums are rounded to bfloat16. */
  allReduceSumCompressed(values: Float32Array): Promise<void>;
  /** Memory that all ranks reach, of so many floats for each; null where there is none, on every rank. A collective. */
  share?(floats: number): Promise<SharedFloats | null>;
  /** Waits for its own sums that are under way. */
  close?(): Promise<void>;
}

/** A rank's block of memory that all ranks reach: sums take no copies. */
export interface SharedFloats {
  readonly own: Float32Array;
  /**
   * These elements are written, and belong to all ranks until the end of `finish`. Sums what all have added, and waits for no
   * other rank. All ranks add the same in the same order.
   */
  add(from: number, to: number): Promise<void>;
  /** Waits for the others. Then every rank's block has the sums over all of what was added. A collective. */
  finish(): Promise<void>;
  /** Elements that were added and wait for other ranks. */
  pending(): number;
  /** It may be given to somebody else; not where sums were begun and never finished. Idempotent. */
  release(): void;
}

/** How batch norms see the group: sums of statistics in the middle of a pass. */
export function statisticsOf(group: ReplicaSums): StatisticsGroup {
  return { size: group.size, sum: (values) => group.sumBlocking(values) };
}
