import { notFinite } from './errors.js';

/** Bins on each side of 0. A power of two. */
const HALF = 2048;

/**
 * Counts of real numbers by size, in bounded memory: {@link HALF} equal bins on each side of 0. Where a number lies outside,
 * the bins become twice as wide, two by two into one, until it fits: no number is ever lost, and which order they come in
 * does not matter.
 */
export class Histogram {
  /** [−limit, limit) in equal bins. */
  readonly counts = new Float64Array(2 * HALF);
  min = Infinity;
  max = -Infinity;
  total = 0;
  /** Always a power of two, so that merging bins is exact. */
  #limit = 2 ** -20;

  constructor(private readonly name: string) {}

  get binWidth(): number {
    return this.#limit / HALF;
  }

  /** Lower end of a bin. */
  startOf(bin: number): number {
    return (bin - HALF) * this.binWidth;
  }

  /** @throws RefoldError `RF-QUANTISE-NON-FINITE` */
  add(values: Float32Array): void {
    let { min, max } = this;
    for (const value of values) {
      if (value < min) min = value;
      if (value > max) max = value;
      if (value - value !== 0) throw notFinite(this.name, value);
    }
    while (Math.max(max, -min) >= this.#limit) this.widen();
    const scale = 1 / this.binWidth;
    const { counts } = this;
    for (const value of values) {
      const bin = Math.floor(value * scale) + HALF;
      (counts[bin] as number)++;
    }
    this.min = min;
    this.max = max;
    this.total += values.length;
  }

  private widen(): void {
    const { counts } = this;
    const merged = new Float64Array(2 * HALF);
    for (let bin = 0; bin < 2 * HALF; bin++) {
      const target = HALF + Math.floor((bin - HALF) / 2);
      merged[target] = (merged[target] as number) + (counts[bin] as number);
    }
    counts.set(merged);
    this.#limit *= 2;
  }
}
