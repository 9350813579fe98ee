import type { Range } from './calibrate.js';
import type { Histogram } from './histogram.js';

/** How a range is chosen from the values seen. */
export type CalibrationMethod =
  | { readonly kind: 'max' }
  /** All but this share of the values, in percent (99.99); on both sides where there are negative ones. */
  | { readonly kind: 'percentile'; readonly percent: number }
  /** The range with the least mean squared error of rounding and clamping together. */
  | { readonly kind: 'mse' };

export function rangeBy(method: CalibrationMethod, histogram: Histogram): Range {
  const whole = { min: Math.min(0, histogram.min), max: Math.max(0, histogram.max) };
  if (method.kind === 'max') return whole;
  return method.kind === 'percentile'
    ? percentileRange(histogram, whole, method.percent)
    : leastSquares(histogram, whole);
}

function percentileRange(histogram: Histogram, whole: Range, percent: number): Range {
  const { counts, total } = histogram;
  const outside = total * (1 - percent / 100);
  let left = 0;
  let low = 0;
  while (low < counts.length && left + (counts[low] as number) <= outside)
    left += counts[low++] as number;
  let right = 0;
  let high = counts.length - 1;
  while (high > low && right + (counts[high] as number) <= outside)
    right += counts[high--] as number;
  return {
    min: Math.min(0, Math.max(whole.min, histogram.startOf(low))),
    max: Math.max(0, Math.min(whole.max, histogram.startOf(high + 1))),
  };
}

const CANDIDATES = 100;
const LEAST_SHARE = 0.2;

/** Both ends shrink alike, from the whole range to a fifth of it. */
function leastSquares(histogram: Histogram, whole: Range): Range {
  let best = whole;
  let least = Infinity;
  for (let i = 0; i < CANDIDATES; i++) {
    const share = 1 - ((1 - LEAST_SHARE) * i) / CANDIDATES;
    const range = { min: whole.min * share, max: whole.max * share };
    const error = squaredError(histogram, range);
    if (error < least) {
      least = error;
      best = range;
    }
  }
  return best;
}

/** Sum over all values of (x − stored x)²; within a bin and between two steps values are taken as evenly spread. */
function squaredError(histogram: Histogram, { min, max }: Range): number {
  const step = (max - min) / 255;
  const width = histogram.binWidth;
  let error = 0;
  histogram.counts.forEach((count, bin) => {
    if (count === 0) return;
    const middle = histogram.startOf(bin) + width / 2;
    const beyond = Math.max(0, middle - max, min - middle);
    // Bins narrower than a step hold values at known places.
    const inside = width < step ? (middle - step * Math.round(middle / step)) ** 2 : step ** 2 / 12;
    error += count * (beyond > 0 ? beyond ** 2 : inside);
  });
  return error;
}
