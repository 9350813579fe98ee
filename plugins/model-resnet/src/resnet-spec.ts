/** Kinds of 3×3 convolution with BN, of which `convNorm` says what they compute. */
export type BlockKind = 'plain' | 'acnet' | 'dbb';

/** What tells one ResNet from another. */
export interface ResnetSpec {
  /** What stands for every 3×3 convolution with its BN; the stem's 7×7 and all 1×1 are plain. */
  readonly block: BlockKind;
  /** Residual blocks of 1×1, 3×3 and 1×1, four times as wide outside as inside, instead of 3×3 and 3×3. */
  readonly bottleneck: boolean;
  /** Residual blocks per stage. */
  readonly depths: readonly number[];
  /** Channels of the 3×3 convolutions, per stage. */
  readonly widths: readonly number[];
  /** Channels of the stem. */
  readonly stem: number;
  /** Of drop-out before the classifier. */
  readonly dropRate: number;
}

function spec(block: BlockKind, layers: 18 | 50): ResnetSpec {
  return {
    block,
    bottleneck: layers === 50,
    depths: layers === 50 ? [3, 4, 6, 3] : [2, 2, 2, 2],
    widths: [64, 128, 256, 512],
    stem: 64,
    dropRate: 0,
  };
}

/**
 * ResNet-18 and ResNet-50 (He et al. 2016, table 1; the stride of a bottleneck on its 3×3, as torchvision and timm),
 * plain and as the authors of ACNet and DBB trained them.
 */
export const resnetVariants: Readonly<Record<string, ResnetSpec>> = {
  resnet18: spec('plain', 18),
  resnet50: spec('plain', 50),
  acnet_resnet18: spec('acnet', 18),
  acnet_resnet50: spec('acnet', 50),
  dbb_resnet18: spec('dbb', 18),
  dbb_resnet50: spec('dbb', 50),
};
