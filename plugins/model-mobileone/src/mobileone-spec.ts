/** What tells one MobileOne from another. */
export interface MobileoneSpec {
  /** Pairs of a depthwise and a pointwise block per stage. */
  readonly depths: readonly number[];
  /** Channels per stage. */
  readonly widths: readonly number[];
  readonly stem: number;
  /** Identical convolution branches per block; the stem has one, as in timm. */
  readonly branches: number;
  /** How many pairs at the end of each stage have squeeze-excite. */
  readonly squeezeExcite: readonly number[];
  readonly dropRate: number;
}

function spec(multipliers: readonly number[], branches: number, squeezeExcite = [0, 0, 0, 0]) {
  const widths = multipliers.map((multiplier, stage) => 64 * 2 ** stage * multiplier);
  const stem = Math.min(64, widths[0]!);
  return { depths: [2, 8, 10, 1], widths, stem, branches, squeezeExcite, dropRate: 0 };
}

/** The published variants (Vasu et al. 2022, table 9). */
export const mobileoneVariants: Readonly<Record<string, MobileoneSpec>> = {
  mobileone_s0: spec([0.75, 1, 1, 2], 4),
  mobileone_s1: spec([1.5, 1.5, 2, 2.5], 1),
  mobileone_s2: spec([1.5, 2, 2.5, 4], 1),
  mobileone_s3: spec([2, 2.5, 3, 4], 1),
  mobileone_s4: spec([3, 3.5, 3.5, 4], 1, [0, 0, 5, 1]),
};
