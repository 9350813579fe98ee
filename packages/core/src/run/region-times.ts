import type { RegionTime, StepOutcome } from '../points/device.js';

/** Sums the times of regions over the backward passes of an epoch. */
export class RegionTimes {
  readonly #sums = new Map<string, { forwardMs: number; backwardMs: number }>();

  /** Takes one backward pass; one without regions adds nothing. */
  add({ regions = [] }: StepOutcome): void {
    for (const { name, forwardMs, backwardMs } of regions) {
      const sum = this.#sums.get(name) ?? { forwardMs: 0, backwardMs: 0 };
      this.#sums.set(name, {
        forwardMs: sum.forwardMs + forwardMs,
        backwardMs: sum.backwardMs + backwardMs,
      });
    }
  }

  /** Means over so many updates, in the order in which regions first came; empty where none was measured. */
  meansOver(steps: number): readonly RegionTime[] {
    return [...this.#sums].map(([name, { forwardMs, backwardMs }]) => ({
      name,
      forwardMs: forwardMs / steps,
      backwardMs: backwardMs / steps,
    }));
  }
}
