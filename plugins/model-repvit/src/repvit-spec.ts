/** What tells one RepViT from another. */
export interface RepvitSpec {
  /** Blocks per stage; every stage but the first starts with one more, before it halves the image. */
  readonly depths: readonly number[];
  /** Channels per stage. */
  readonly widths: readonly number[];
  /**
   * The first version of the paper: a BN after the 1×1 of the token mixer, and none after its sum (M1, M2 and M3
   * without a point).
   */
  readonly legacy: boolean;
  /** Two classifiers, whose answers are averaged: the second is to learn from a teacher. */
  readonly distillation: boolean;
  /** Of drop-out before the classifiers. */
  readonly dropRate: number;
}

function spec(width: number, depths: readonly number[], legacy = false): RepvitSpec {
  const widths = [width, 2 * width, 4 * width, 8 * width];
  return { depths, widths, legacy, distillation: true, dropRate: 0 };
}

/** The published variants (Wang et al. 2023, table 7; M0.6 is of the authors' code alone). */
export const repvitVariants: Readonly<Record<string, RepvitSpec>> = {
  repvit_m0_6: spec(40, [1, 1, 8, 1]),
  repvit_m0_9: spec(48, [2, 2, 14, 2]),
  repvit_m1_0: spec(56, [2, 2, 14, 2]),
  repvit_m1_1: spec(64, [2, 2, 12, 2]),
  repvit_m1_5: spec(64, [4, 4, 24, 4]),
  repvit_m2_3: spec(80, [6, 6, 34, 2]),
  repvit_m1: spec(48, [2, 2, 14, 2], true),
  repvit_m2: spec(64, [2, 2, 12, 2], true),
  repvit_m3: spec(64, [4, 4, 18, 2], true),
};
