import { GraphBuilder, withLoss, type Graph } from '@refold/graph';

export interface ConvCase {
  readonly channels: readonly [from: number, to: number];
  readonly groups: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly images: number;
  readonly size: readonly [height: number, width: number];
}

/** Channels from and to, groups, kernel, stride, padding, dilation, images, height and width. */
type Row = readonly [
  ...[from: number, to: number, groups: number, kernel: number, stride: number, padding: number],
  ...[dilation: number, images: number, height: number, width: number],
];

export function convCase(row: Row): ConvCase {
  const [from, to, groups, kernel, stride, padding, dilation, images, height, width] = row;
  return {
    ...{ channels: [from, to], groups, kernel, stride, padding, dilation, images },
    size: [height, width],
  };
}

/**
 * The convolution `op` behind a 1 × 1 one, through whose gradient the one of its input is seen; where shapes allow, a second
 * convolution beside it, so that one of the two adds to that gradient.
 */
export function convBesideAnother(each: ConvCase): {
  readonly forward: Graph;
  readonly whole: Graph;
} {
  const { size, groups, kernel, stride, padding, dilation } = each;
  const [from, to] = each.channels;
  const b = new GraphBuilder({ shape: [4, ...size], dtype: 'float32' });
  const before = b.conv2d('before', b.input, { outChannels: from, kernel: 1 });
  const options = { outChannels: to, kernel, stride, padding, dilation, groups, bias: true };
  const y = b.conv2d('op', before, options);
  const forward = b.build(y);
  const isAligned = 2 * padding === dilation * (kernel - 1);
  const beside = { outChannels: to, kernel: 1, stride };
  const sum = isAligned ? b.add('sum', [y, b.conv2d('beside', before, beside)]) : y;
  const head = b.linear('head', b.flatten('flat', sum), { outFeatures: 3 });
  return { forward, whole: withLoss(b.build(head), { labelSmoothing: 0, targets: 'index' }) };
}
