import type { GradientBucket, TrainingUse } from '@refold/core';
import { ownGradients, sharedGradients, type GradientMemory } from './gradient-memory.js';
import type { ReplicaSums, SharedFloats } from './replica-sums.js';

/** Lends a session that is being loaded memory that all replicas share, and says afterwards what came of it. */
export class GradientLender {
  #shared: SharedFloats | null | undefined;

  /** @param isCompressed gradients travel in bfloat16: in copies that are not shared */
  constructor(
    private readonly group: ReplicaSums,
    private readonly isCompressed: boolean,
  ) {}

  readonly lend: NonNullable<TrainingUse['gradientMemory']> = async (floats) => {
    this.#shared = this.isCompressed ? null : ((await this.group.share?.(floats)) ?? null);
    return this.#shared?.own ?? null;
  };

  /** A collective. */
  async memoryFor(buckets: readonly GradientBucket[]): Promise<GradientMemory> {
    const wasAsked = this.#shared !== undefined;
    // A device that keeps gradients elsewhere has them copied, into shared memory where there is any.
    if (!wasAsked) await this.lend(buckets.reduce((sum, { length }) => sum + length, 0));
    const shared = this.#shared;
    if (!shared) return ownGradients(this.group, this.isCompressed);
    return sharedGradients(shared, wasAsked ? null : buckets);
  }
}
