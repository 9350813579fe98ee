/** Kinds of block, of which `repvggBlock` says what they compute. */
export type BlockKind = 'repvgg' | 'qarepvgg';

/** What tells one RepVGG from another. */
export interface RepvggSpec {
  /** Blocks per stage. */
  readonly depths: readonly number[];
  /** Channels per stage. */
  readonly widths: readonly number[];
  /** Channels of the first block. */
  readonly stem: number;
  /** Groups of the convolutions of some blocks (see `groupEvery`); the others have one. */
  readonly groups: number;
  /**
   * Within each stage, every n-th block is grouped. With 2, and stages of even depth, that is the paper's rule
   * (layers 2, 4, … with the stem as layer 0); for odd depths it is timm's.
   */
  readonly groupEvery: number;
  /** A squeeze-excite block between sum and ReLU of every block. */
  readonly squeezeExcite: boolean;
  /** A squeeze-excite block after the ReLU of every block (RepVGGplus). Default false. */
  readonly postSqueezeExcite?: boolean;
  /** Default `repvgg`. */
  readonly block?: BlockKind;
  /** Of drop-out before the classifier. */
  readonly dropRate: number;
  /**
   * First values of BN weights and biases: `normal` as timm does (0.1 ± 0.1 and 0 ± 0.1; the weak branches let the
   * network start shallow), `one` as PyTorch and MindCV do (1 and 0).
   */
  readonly batchNormInit: 'normal' | 'one';
}

const DEPTHS = { A: [2, 4, 14, 1], B: [4, 6, 16, 1], D: [8, 14, 24, 1] } as const;

/** Channels of the stages by the paper's width multipliers: 64·a, 128·a, 256·a and 512·b. */
export function widthsOf(a: number, b: number): readonly number[] {
  return [64 * a, 128 * a, 256 * a, 512 * b];
}

function spec(depths: keyof typeof DEPTHS, a: number, b: number, groups = 1): RepvggSpec {
  return {
    depths: DEPTHS[depths],
    widths: widthsOf(a, b),
    stem: Math.min(64, 64 * a),
    groups,
    groupEvery: 2,
    squeezeExcite: depths === 'D',
    dropRate: 0,
    batchNormInit: 'normal',
  };
}

/**
 * The published variants (Ding et al. 2021, tables 2 and 6), and RepVGGplus-L2pse of the authors' repository: D2se with
 * its squeeze-excite after the ReLU and four times as wide, top-1 84.06 at 320×320. Of that one this is the network
 * that ships: the auxiliary classifiers and the L2 of fused kernels that it was trained with are not in the graph.
 */
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
  repvggplus_l2pse: {
    ...spec('D', 2.5, 5),
    squeezeExcite: false,
    postSqueezeExcite: true,
    batchNormInit: 'one',
  },
};
