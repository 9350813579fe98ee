import { GraphBuilder, type Graph, type OpName, type Value } from '@refold/graph';

/** A graph around one op: a 1×1 convolution before it, so that its gradient reaches a parameter, and `flatten` after. */
export interface OpCase {
  readonly title: string;
  readonly op: OpName;
  /** Without loss; its output is the op's result, as a vector. */
  readonly graph: Graph;
}

type Build = (b: GraphBuilder, x: Value) => Value;
const input = [3, 7, 6] as const;

function opCase(op: OpName, what: string, build: Build, channels = 4): OpCase {
  const b = new GraphBuilder({ shape: input, dtype: 'float32' });
  const x = b.conv2d('stem', b.input, { outChannels: channels, kernel: 1 });
  const y = build(b, x);
  const title = what === '' ? op : `${op}, ${what}`;
  return { title, op, graph: b.build(y.shape.length === 1 ? y : b.flatten('flat', y)) };
}

const conv = (what: string, options: Parameters<GraphBuilder['conv2d']>[2]): OpCase =>
  opCase('conv2d', what, (b, x) => b.conv2d('op', x, options));

const activations = [
  'relu',
  'relu6',
  'silu',
  'gelu',
  'sigmoid',
  'hard_sigmoid',
  'hard_swish',
] as const;

/** Every op that computes a value, with the attributes that implementations tend to differ in. */
export const opCases: readonly OpCase[] = [
  conv('1×1', { outChannels: 5, kernel: 1 }),
  conv('3×3 with padding', { outChannels: 5, kernel: 3, padding: 1 }),
  conv('3×3, bias', { outChannels: 5, kernel: 3, bias: true }),
  conv('3×3, stride 2: explicit padding, not "same"', {
    outChannels: 5,
    kernel: 3,
    stride: 2,
    padding: 1,
  }),
  conv('1×1, stride 2', { outChannels: 5, kernel: 1, stride: 2 }),
  conv('1×1 with padding', { outChannels: 5, kernel: 1, padding: 1 }),
  conv('1×3, uneven strides and padding', {
    outChannels: 5,
    kernel: [1, 3],
    stride: [2, 1],
    padding: [0, 2],
  }),
  conv('dilation 2', { outChannels: 5, kernel: 3, padding: 2, dilation: 2 }),
  conv('two groups', { outChannels: 6, kernel: 3, padding: 1, groups: 2 }),
  conv('two groups, stride 2', { outChannels: 6, kernel: 3, padding: 1, stride: 2, groups: 2 }),
  conv('depthwise', { outChannels: 4, kernel: 3, padding: 1, groups: 4 }),
  conv('depthwise, two for each', { outChannels: 8, kernel: 3, padding: 1, groups: 4, bias: true }),
  conv('depthwise, stride 2', { outChannels: 4, kernel: 3, padding: 1, stride: 2, groups: 4 }),
  opCase('batch_norm', '', (b, x) => b.batchNorm('op', x)),
  opCase('batch_norm', 'eps 0.01, momentum 0.3', (b, x) =>
    b.batchNorm('op', x, { eps: 0.01, momentum: 0.3 }),
  ),
  opCase('batch_norm', 'vectors', (b, x) => b.batchNorm('op', b.flatten('vector', x))),
  opCase('batch_norm', 'vectors, in a sum under an activation', (b, x) => {
    const a = b.flatten('vector', b.globalAvgPool('pool', x));
    return b.activation('sigmoid', 'after', b.add('sum', [b.batchNorm('op', a), a]));
  }),
  opCase('weighted_sum', 'a difference', (b, x) =>
    b.weightedSum('op', [
      [1, x],
      [-1, b.activation('sigmoid', 'branch', x)],
    ]),
  ),
  opCase('weighted_sum', 'three terms, one value twice', (b, x) =>
    b.weightedSum('op', [
      [0.5, x],
      [-2, b.activation('sigmoid', 'branch', x)],
      [0.25, x],
    ]),
  ),
  opCase('weighted_sum', 'a mean of vectors', (b, x) => {
    const a = b.flatten('vector', x);
    return b.weightedSum('op', [
      [0.5, b.linear('one', a, { outFeatures: 5 })],
      [0.5, b.linear('other', a, { outFeatures: 5 })],
    ]);
  }),
  opCase('add', 'three inputs, one twice', (b, x) =>
    b.add('op', [x, b.activation('sigmoid', 'branch', x), x]),
  ),
  opCase('mul', '', (b, x) => b.mul('op', x, b.activation('sigmoid', 'branch', x))),
  opCase('mul', 'by channel', (b, x) =>
    b.mul('op', x, b.activation('sigmoid', 'gate', b.globalAvgPool('squeeze', x))),
  ),
  opCase('concat', '', (b, x) =>
    b.node('concat', 'op', [x, b.conv2d('branch', x, { outChannels: 2, kernel: 1 }), x], {}),
  ),
  opCase('concat', 'vectors', (b, x) => {
    const a = b.flatten('a', b.globalAvgPool('pool', x));
    return b.node('concat', 'op', [a, b.linear('branch', a, { outFeatures: 3 })], {});
  }),
  opCase('scale', '', (b, x) => b.node('scale', 'op', [x], { init: 0.5 })),
  ...activations.map((op) =>
    // Large enough to reach every piece of the piecewise ones.
    opCase(op, '', (b, x) => b.activation(op, 'op', b.node('scale', 'stretch', [x], { init: 4 }))),
  ),
  opCase('avg_pool', '2×2', (b, x) => b.avgPool('op', x, { kernel: 2 })),
  opCase('avg_pool', '3×3, padding counts', (b, x) =>
    b.avgPool('op', x, { kernel: 3, stride: 2, padding: 1 }),
  ),
  opCase('avg_pool', '3×3, padding does not count', (b, x) =>
    b.avgPool('op', x, { kernel: 3, stride: 1, padding: 1, countIncludePad: false }),
  ),
  opCase('max_pool', '2×2', (b, x) => b.maxPool('op', x, { kernel: 2 })),
  opCase('max_pool', '3×3, windows overlap, padding never wins', (b, x) =>
    b.maxPool(
      'op',
      b.node('scale', 'below', [b.activation('sigmoid', 'positive', x)], { init: -1 }),
      {
        kernel: 3,
        stride: 2,
        padding: 1,
      },
    ),
  ),
  opCase('global_avg_pool', '', (b, x) => b.globalAvgPool('op', x)),
  opCase('flatten', 'in NCHW order', (b, x) =>
    b.linear('after', b.flatten('op', x), { outFeatures: 3 }),
  ),
  opCase('linear', '', (b, x) => b.linear('op', b.flatten('vector', x), { outFeatures: 5 })),
  opCase('linear', 'without bias', (b, x) =>
    b.linear('op', b.flatten('vector', x), { outFeatures: 5, bias: false }),
  ),
];
