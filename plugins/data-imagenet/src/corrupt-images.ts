import type { Host } from '@refold/core';
import { tooManyCorrupt } from './errors.js';

/**
 * What is known of a split's unreadable images, and which sample stands in for each: the next readable one by index,
 * so that it is the same on every run, rank and number of workers. Each is reported once in a run.
 */
export class CorruptImages {
  private readonly reasons = new Map<number, string>();
  private readonly allowed: number;

  /** @param maxCorrupt share of the split; any share above 0 allows one image at least */
  constructor(
    private readonly folder: string,
    private readonly size: number,
    maxCorrupt: number,
    private readonly pathOf: (sample: number) => string,
    private readonly emit: Host['emit'],
  ) {
    this.allowed = maxCorrupt === 0 ? 0 : Math.max(1, Math.floor(maxCorrupt * size));
  }

  /** @throws RefoldError RF-DATA-TOO-MANY-CORRUPT when this one is one too many */
  report(sample: number, reason: string): void {
    if (this.reasons.has(sample)) return;
    this.reasons.set(sample, reason);
    const replaced = this.reasons.size;
    if (replaced > this.allowed || replaced === this.size) {
      const found = [...this.reasons].map(([bad, why]) => `${this.pathOf(bad)}: ${why}`);
      throw tooManyCorrupt(this.folder, found, this.allowed, this.size);
    }
    this.emit({ type: 'sample-replaced', path: this.pathOf(sample), reason, replaced });
  }

  /** The sample itself, or the one that stands in for it. */
  standIn(sample: number): number {
    let candidate = sample;
    while (this.reasons.has(candidate)) candidate = (candidate + 1) % this.size;
    return candidate;
  }
}
