/** What tells one FastViT without attention from another. */
export interface FastvitSpec {
  /** Blocks per stage. */
  readonly depths: readonly number[];
  /** Channels per stage. */
  readonly widths: readonly number[];
  /** Hidden channels of the channel mixers over the stage's channels. */
  readonly mlpRatios: readonly number[];
  /** First value of the layer scales. */
  readonly layerScale: number;
  /** Of drop-out before the classifier. */
  readonly dropRate: number;
  /** Drop-path rate of the last block; rates of the others grow evenly from 0. */
  readonly dropPathRate: number;
}

function spec(width: number, depths: readonly number[], mlpRatio: number): FastvitSpec {
  const widths = [width, 2 * width, 4 * width, 8 * width];
  const mlpRatios = widths.map(() => mlpRatio);
  return { depths, widths, mlpRatios, layerScale: 1e-5, dropRate: 0, dropPathRate: 0 };
}

/** The published variants whose every token mixer is a RepMixer (Vasu et al. 2023, table 2). */
export const fastvitVariants: Readonly<Record<string, FastvitSpec>> = {
  fastvit_t8: spec(48, [2, 2, 4, 2], 3),
  fastvit_t12: spec(64, [2, 2, 6, 2], 3),
  fastvit_s12: spec(64, [2, 2, 6, 2], 4),
};
