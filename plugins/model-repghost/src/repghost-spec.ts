/** One bottleneck: a ghost module that widens, maybe a strided depthwise convolution, a ghost module that narrows. */
export interface RepghostBlock {
  /** Of the strided depthwise convolution and of the shortcut's. */
  readonly kernel: number;
  /** Channels between the two ghost modules, before the width multiplier. */
  readonly hidden: number;
  /** Channels that come out, before the width multiplier. */
  readonly out: number;
  /** Share of the hidden channels that the squeeze-excite block keeps; 0: no such block. */
  readonly squeezeExcite: number;
  readonly stride: number;
}

/** What tells one RepGhostNet from another. */
export interface RepghostSpec {
  /** Multiplies every number of channels but the head's; results are multiples of four. */
  readonly width: number;
  readonly stages: readonly (readonly RepghostBlock[])[];
  /** Of drop-out before the classifier. */
  readonly dropRate: number;
}

const block = (
  kernel: number,
  hidden: number,
  out: number,
  squeezeExcite: number,
  stride: number,
): RepghostBlock => ({ kernel, hidden, out, squeezeExcite, stride });

/** Chen et al. 2022, table 2: widened by one multiplier for every variant. */
export const repghostStages: RepghostSpec['stages'] = [
  [block(3, 8, 16, 0, 1)],
  [block(3, 24, 24, 0, 2)],
  [block(3, 36, 24, 0, 1)],
  [block(5, 36, 40, 0.25, 2)],
  [block(5, 60, 40, 0.25, 1)],
  [block(3, 120, 80, 0, 2)],
  [
    block(3, 100, 80, 0, 1),
    block(3, 120, 80, 0, 1),
    block(3, 120, 80, 0, 1),
    block(3, 240, 112, 0.25, 1),
    block(3, 336, 112, 0.25, 1),
  ],
  [block(5, 336, 160, 0.25, 2)],
  [
    block(5, 480, 160, 0, 1),
    block(5, 480, 160, 0.25, 1),
    block(5, 480, 160, 0, 1),
    block(5, 480, 160, 0.25, 1),
  ],
];

const WIDTHS = { 50: 0.5, 58: 0.58, 80: 0.8, 100: 1, 111: 1.11, 130: 1.3, 150: 1.5, 200: 2 };

/** The published variants, `repghostnet_050` to `repghostnet_200`, with the authors' drop-out. */
export const repghostVariants: Readonly<Record<string, RepghostSpec>> = Object.fromEntries(
  Object.entries(WIDTHS).map(([percent, width]) => [
    `repghostnet_${percent.padStart(3, '0')}`,
    { width, stages: repghostStages, dropRate: 0.2 },
  ]),
);
