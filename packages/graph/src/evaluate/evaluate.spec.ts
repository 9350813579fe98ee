import { describe, expect, it } from '@jest/globals';
import { codeOf } from '../spec-kit/code-of.js';
import { GraphBuilder, type Value } from '../graph-builder.js';
import { initialise } from '../initialise.js';
import { withLoss } from '../loss.js';
import { sizeOf, type HostTensor } from '../tensor.js';
import { erf } from './erf.js';
import { evaluate } from './evaluate.js';

/** Values made alike here and in PyTorch: 2 · sin(k · i + 1). */
const wave = (size: number, k: number, map = (x: number) => x) =>
  Float64Array.from({ length: size }, (_, i) => map(2 * Math.sin(k * i + 1)));
const tensor = (shape: readonly number[], k: number, map?: (x: number) => number): HostTensor => ({
  shape,
  data: wave(sizeOf(shape), k, map) as unknown as Float32Array,
});

const X = [2, 4, 7, 6] as const;
const positive = (x: number) => Math.abs(x) + 0.1;
type Case = [
  name: string,
  build: (b: GraphBuilder, x: Value) => Value,
  weights: Readonly<Record<string, HostTensor>>,
  torch: { readonly shape: readonly number[]; readonly sum: number; readonly check: number },
  factor?: number,
];

/** Sum of the output and sum weighted by cos(i), as torch 2.13 gives them in float64. */
const cases: readonly Case[] = [
  [
    'a strided, padded, dilated, grouped convolution with bias',
    (b, x) =>
      b.conv2d('n', x, {
        outChannels: 6,
        kernel: [3, 2],
        stride: [2, 1],
        padding: [1, 2],
        dilation: [1, 2],
        groups: 2,
        bias: true,
      }),
    { weight: tensor([6, 2, 3, 2], 0.3), bias: tensor([6], 0.9) },
    { shape: [2, 6, 4, 8], sum: 8.391644591069202, check: -25.67790040078283 },
  ],
  [
    'a strided, padded convolution of four channels',
    (b, x) => b.conv2d('n', x, { outChannels: 3, kernel: 3, stride: 2, padding: 1 }),
    { weight: tensor([3, 4, 3, 3], 0.3) },
    { shape: [2, 3, 4, 3], sum: 15.578441453452161, check: 202.49452124635556 },
  ],
  [
    'a 1×1 convolution',
    (b, x) => b.conv2d('n', x, { outChannels: 5, kernel: 1 }),
    { weight: tensor([5, 4, 1, 1], 0.3) },
    { shape: [2, 5, 7, 6], sum: -0.9827110832405614, check: 2.3902185607925235 },
  ],
  [
    'a strided 1×1 convolution',
    (b, x) => b.conv2d('n', x, { outChannels: 5, kernel: 1, stride: 2 }),
    { weight: tensor([5, 4, 1, 1], 0.3) },
    { shape: [2, 5, 4, 3], sum: -0.7739102333176335, check: -12.174406816728272 },
  ],
  [
    'a depthwise 5×5 convolution',
    (b, x) => b.conv2d('n', x, { outChannels: 4, kernel: 5, padding: 2, groups: 4 }),
    { weight: tensor([4, 1, 5, 5], 0.3) },
    { shape: [2, 4, 7, 6], sum: 10.695850669933636, check: 19.116602379760998 },
  ],
  [
    'batch_norm',
    (b, x) => b.batchNorm('n', x, { eps: 1e-3 }),
    {
      weight: tensor([4], 0.2),
      bias: tensor([4], 0.3),
      running_mean: tensor([4], 0.4),
      running_var: tensor([4], 0.5, positive),
    },
    { shape: [2, 4, 7, 6], sum: -223.9793752437611, check: 0.8190380997545839 },
  ],
  [
    'relu',
    (b, x) => b.activation('relu', 'n', x),
    {},
    { shape: X, sum: 866.2017725148114, check: 9.029422689218418 },
    4,
  ],
  [
    'relu6',
    (b, x) => b.activation('relu6', 'n', x),
    {},
    { shape: X, sum: 761.755851881456, check: 7.2662740787133755 },
    4,
  ],
  [
    'silu',
    (b, x) => b.activation('silu', 'n', x),
    {},
    { shape: X, sum: 842.6852126304123, check: 9.242159589961405 },
    4,
  ],
  [
    'gelu',
    (b, x) => b.activation('gelu', 'n', x),
    {},
    { shape: X, sum: 859.4397781683083, check: 9.153716710361648 },
    4,
  ],
  [
    'sigmoid',
    (b, x) => b.activation('sigmoid', 'n', x),
    {},
    { shape: X, sum: 169.2412458753691, check: 0.6055120150036742 },
    4,
  ],
  [
    'hard_swish',
    (b, x) => b.activation('hard_swish', 'n', x),
    {},
    { shape: X, sum: 845.7188405763079, check: 9.329102856456378 },
    4,
  ],
  [
    'hard_sigmoid',
    (b, x) => b.activation('hard_sigmoid', 'n', x),
    {},
    { shape: X, sum: 169.7835356127693, check: 0.6435971324902827 },
    4,
  ],
  [
    'a weighted sum',
    (b, x) =>
      b.weightedSum('n', [
        [1, x],
        [-0.25, b.activation('relu', 'act', x)],
      ]),
    {},
    { shape: X, sum: -48.97681827764042, check: 0.24858152229126707 },
  ],
  [
    'batch_norm of vectors',
    (b, x) => b.batchNorm('n', b.flatten('flat', b.globalAvgPool('pool', x)), { eps: 1e-3 }),
    {
      weight: tensor([4], 0.2),
      bias: tensor([4], 0.3),
      running_mean: tensor([4], 0.4),
      running_var: tensor([4], 0.5, positive),
    },
    { shape: [2, 4], sum: -5.332842267708598, check: -0.6908267388269218 },
  ],
  [
    'avg_pool that counts padding',
    (b, x) => b.avgPool('n', x, { kernel: 3, stride: 2, padding: 1 }),
    {},
    { shape: [2, 4, 4, 3], sum: 0.9193402603870824, check: -1.0639149276523958 },
  ],
  [
    'avg_pool that does not',
    (b, x) =>
      b.avgPool('n', x, { kernel: [3, 2], stride: [2, 1], padding: 1, countIncludePad: false }),
    {},
    { shape: [2, 4, 4, 7], sum: 2.3188627789018557, check: 2.314226992699865 },
  ],
  [
    'max_pool',
    (b, x) => b.maxPool('n', x, { kernel: [3, 2], stride: [2, 1], padding: 1 }),
    {},
    { shape: [2, 4, 4, 7], sum: 354.05631170471736, check: 5.65970980056863 },
  ],
  [
    'global_avg_pool',
    (b, x) => b.globalAvgPool('n', x),
    {},
    { shape: [2, 4, 1, 1], sum: 0.12287601201274496, check: 0.0953747496127908 },
  ],
  [
    'flatten and linear',
    (b, x) => b.linear('n', b.flatten('flat', x), { outFeatures: 3 }),
    { weight: tensor([3, 168], 0.1), bias: tensor([3], 0.2) },
    { shape: [2, 3], sum: 10.609449468105371, check: 8.938685414592795 },
  ],
  [
    'normalize',
    (b, x) =>
      b.node('normalize', 'n', [x], { mean: [0.1, 0.2, 0.3, 0.4], std: [0.5, 0.6, 0.7, 0.8] }),
    {},
    { shape: X, sum: -122.76229103199836, check: -0.08848294519178346 },
  ],
  [
    'scale',
    (b, x) => b.node('scale', 'n', [x], { init: 1 }),
    { weight: tensor([4], 0.6) },
    { shape: X, sum: 3.4560807319819697, check: 1.158746940509391 },
  ],
  [
    'mul by a gate per channel',
    (b, x) => b.mul('n', x, b.activation('sigmoid', 'gate', b.globalAvgPool('pool', x))),
    {},
    { shape: X, sum: 3.138487944719163, check: 0.36278977178151217 },
  ],
  [
    'concat',
    (b, x) => b.node('concat', 'n', [x, b.activation('relu', 'act', x)], {}),
    {},
    { shape: [2, 8, 7, 6], sum: 221.71123563323812, check: 1.5281409830997568 },
  ],
];

describe('evaluate', () => {
  it.each(cases)('computes %s as PyTorch does', (_name, build, weights, torch, factor = 1) => {
    const b = new GraphBuilder({ shape: X.slice(1), dtype: 'float32' });
    const graph = b.build(build(b, b.input));
    const named = new Map(Object.entries(weights).map(([suffix, t]) => [`n.${suffix}`, t]));
    const input = { shape: X, data: wave(sizeOf(X), 0.7, (x) => x * factor) };
    const y = evaluate(graph, named, input).get('n')!;
    expect(y.shape).toEqual(torch.shape);
    expect(y.data).toHaveLength(sizeOf(torch.shape));
    expect(y.data.reduce((sum, v) => sum + v, 0)).toBeCloseTo(torch.sum, 9);
    expect(y.data.reduce((sum, v, i) => sum + v * Math.cos(i), 0)).toBeCloseTo(torch.check, 9);
  });

  it.each([
    ['index', Int32Array.of(0, 3, 4), 0.1, 1.4240194794244512],
    ['soft', softmaxRows(wave(15, 0.2), 5), 0.2, 2.348418945904639],
  ] as const)(
    'computes the loss with %s targets as PyTorch does',
    (kind, targets, smoothing, torch) => {
      const b = new GraphBuilder({ shape: [5], dtype: 'float32' });
      const attrs = { labelSmoothing: smoothing, targets: kind };
      const graph = withLoss(b.build(b.node('dropout', 'drop', [b.input], { rate: 0.5 })), attrs);
      const input = { shape: [3, 5], data: wave(15, 0.8) };
      const loss = evaluate(graph, new Map(), input, { outputs: ['loss'], targets }).get('loss')!;
      expect(loss.shape).toEqual([]);
      expect(loss.data[0]).toBeCloseTo(torch, 12);
    },
  );

  const b = new GraphBuilder({ shape: [2, 4, 4], dtype: 'float32' });
  const conv = b.conv2d('conv', b.input, { outChannels: 2, kernel: 1 });
  const sum = b.add('sum', [conv, b.input]);
  const graph = b.build(b.activation('relu', 'act', sum));
  const weights = initialise(graph, 1);
  const input = { shape: [1, 2, 4, 4], data: wave(32, 1) };

  it('gives the output and the nodes asked for, and leaves its input alone', () => {
    const before = input.data.slice();
    const values = evaluate(graph, weights, input, { outputs: ['input', 'sum'] });
    expect([...values.keys()].sort()).toEqual(['act', 'input', 'sum']);
    expect(values.get('act')!.data).toEqual(values.get('sum')!.data.map((v) => Math.max(v, 0)));
    values.get('input')!.data.fill(0);
    expect(input.data).toEqual(before);
  });

  it.each<[string, string, () => unknown]>([
    ['a missing weight', 'RF-GRAPH-WEIGHTS', () => evaluate(graph, new Map(), input)],
    [
      'a weight of another shape',
      'RF-GRAPH-WEIGHTS',
      () => evaluate(graph, new Map([['conv.weight', tensor([2, 1, 1, 1], 1)]]), input),
    ],
    [
      'a batch of another shape',
      'RF-GRAPH-SHAPE',
      () => evaluate(graph, weights, { ...input, shape: [2, 2, 4, 2] }),
    ],
    [
      'a batch with too few values',
      'RF-GRAPH-SHAPE',
      () => evaluate(graph, weights, { ...input, shape: [2, 2, 4, 4] }),
    ],
    [
      'an unknown node',
      'RF-GRAPH-UNKNOWN-NODE',
      () => evaluate(graph, weights, input, { outputs: ['x'] }),
    ],
  ])('refuses %s', (_what, code, run) => {
    expect(codeOf(run)).toBe(code);
  });

  it('asks for targets when a loss is wanted', () => {
    const plain = new GraphBuilder({ shape: [2], dtype: 'float32' });
    const network = plain.build(plain.linear('fc', plain.input, { outFeatures: 2 }));
    const trained = withLoss(network, { labelSmoothing: 0, targets: 'index' });
    const batch = { shape: [1, 2], data: wave(2, 1) };
    const run = () => evaluate(trained, initialise(network, 0), batch, { outputs: ['loss'] });
    expect(codeOf(run)).toBe('RF-GRAPH-TARGETS');
  });
});

describe('erf', () => {
  it('equals that of PyTorch to the last digits', () => {
    const torch = [
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [-2, -0.9953222650189527],
      [3.5, 0.9999992569016276],
      [5.9, 0.9999999999999999],
      [-7, -1],
      [0, 0],
    ] as const;
    for (const [x, y] of torch) expect(Math.abs(erf(x) - y)).toBeLessThan(1e-15);
    expect(erf(NaN)).toBeNaN();
  });
});

function softmaxRows(values: Float64Array, classes: number): Float64Array {
  const exponentials = values.map(Math.exp);
  return exponentials.map((e, i) => {
    const start = i - (i % classes);
    return e / exponentials.subarray(start, start + classes).reduce((a, b) => a + b, 0);
  });
}
