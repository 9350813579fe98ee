import type { StatisticsGroup } from '@refold/core';

/** Remembers why a sum failed: through the addon comes only the message. */
export class RememberingGroup implements StatisticsGroup {
  readonly size: number;
  failure: unknown;

  constructor(private readonly group: StatisticsGroup) {
    this.size = group.size;
    this.sum = this.sum.bind(this);
  }

  sum(values: Float64Array): void {
    try {
      this.group.sum(values);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
