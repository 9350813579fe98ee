/** What tells one RepVGG from another. */
export interface RepvggSpec {
  /** Blocks per stage. */
  readonly depths: readonly number[];
  /** Channels per stage. */
  readonly widths: readonly number[];
  /** Channels of the first block. */
  readonly stem: number;
  /** Groups of every second block's convolutions, counting the stem as block 0; the others have one. */
  readonly groups: number;
  /** A squeeze-excite block between sum and ReLU of every block. */
  readonly squeezeExcite: boolean;
  /** Of drop-out before the classifier. */
  readonly dropRate: number;
}

const DEPTHS = { A: [2, 4, 14, 1], B: [4, 6, 16, 1], D: [8, 14, 24, 1] } as const;

/** Width multipliers a and b of the paper: stages have 64·a, 128·a, 256·a and 512·b channels. */
function spec(depths: keyof typeof DEPTHS, a: number, b: number, groups = 1): RepvggSpec {
  return {
    depths: DEPTHS[depths],
    widths: [64 * a, 128 * a, 256 * a, 512 * b],
    stem: Math.min(64, 64 * a),
    groups,
    squeezeExcite: depths === 'D',
    dropRate: 0,
  };
}

/** The published variants (Ding et al. 2021, tables 2 and 6). */
export const repvggVariants: Readonly<Record<string, RepvggSpec>> = {
  repvgg_a0: spec('A', 0.75, 2.5),
  repvgg_a1: spec('A', 1, 2.5),
  repvgg_a2: spec('A', 1.5, 2.75),
  repvgg_b0: spec('B', 1, 2.5),
  repvgg_b1: spec('B', 2, 4),
  repvgg_b1g2: spec('B', 2, 4, 2),
  repvgg_b1g4: spec('B', 2, 4, 4),
  repvgg_b2: spec('B', 2.5, 5),
  repvgg_b2g2: spec('B', 2.5, 5, 2),
  repvgg_b2g4: spec('B', 2.5, 5, 4),
  repvgg_b3: spec('B', 3, 5),
  repvgg_b3g2: spec('B', 3, 5, 2),
  repvgg_b3g4: spec('B', 3, 5, 4),
  repvgg_d2se: spec('D', 2.5, 5),
};
