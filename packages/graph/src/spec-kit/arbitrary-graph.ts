import fc from 'fast-check';
import type { Graph } from '../graph.js';
import { GraphBuilder, type Value } from '../graph-builder.js';

/** Adds one node named `name` below `x`; the numbers choose its attributes. */
type Step = (b: GraphBuilder, name: string, x: Value, numbers: readonly number[]) => Value;

const ACTIVATIONS = [
  'relu',
  'relu6',
  'silu',
  'gelu',
  'sigmoid',
  'hard_sigmoid',
  'hard_swish',
] as const;
const steps: readonly Step[] = [
  (b, name, x, [n = 0, m = 0, k = 0, s = 0]) =>
    b.conv2d(name, x, {
      outChannels: x.shape[0]! * (1 + (n % 2)),
      kernel: [1 + 2 * (k % 2), 1 + 2 * (m % 3)],
      padding: [k % 2, m % 3],
      stride: [1 + (s % 2), 1],
      groups: n % 3 === 0 ? x.shape[0]! : 1,
      bias: m % 2 === 0,
    }),
  (b, name, x, [n = 0]) =>
    n % 2 === 0
      ? b.batchNorm(name, x)
      : b.node('batch_norm', name, [x], {
          eps: 1e-3,
          momentum: 0.01,
          init: { weight: { mean: n, std: 1 }, bias: { mean: -0.5, std: 0 } },
        }),
  (b, name, x, [n = 0]) => b.activation(ACTIVATIONS[n % ACTIVATIONS.length]!, name, x),
  (b, name, x) => b.add(`${name}.sum`, [x, b.activation('relu', `${name}.act`, x)]),
  (b, name, x, [n = 0, m = 0]) =>
    b.weightedSum(`${name}.difference`, [
      [1, x],
      [-1, b.batchNorm(name, x)],
      [n / (1 + m), x],
    ]),
  (b, name, x) => b.node('concat', `${name}.cat`, [x, x, b.batchNorm(name, x)], {}),
  (b, name, x) =>
    b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, b.globalAvgPool(name, x))),
  (b, name, x, [n = 0]) => b.node('scale', name, [x], { init: n / 7 }),
  (b, name, x, [n = 0]) => b.node('drop_path', name, [x], { rate: (n % 10) / 10 }),
  (b, name, x, [n = 0]) =>
    b.avgPool(name, x, { kernel: 3, padding: 1, stride: 1, countIncludePad: n % 2 === 0 }),
  (b, name, x) => b.maxPool(name, x, { kernel: [3, 1], padding: [1, 0], stride: 1 }),
];

/** Valid networks of up to eight steps with a classifier. */
export const arbitraryGraph: fc.Arbitrary<Graph> = fc
  .record({
    uint8: fc.boolean(),
    shape: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
    ),
    choices: fc.array(fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }), { maxLength: 8 }),
    path: fc.string({ unit: 'grapheme', maxLength: 5 }),
    classes: fc.integer({ min: 1, max: 7 }),
  })
  .map(({ uint8, shape, choices, path, classes }) => {
    const b = new GraphBuilder({ shape, dtype: uint8 ? 'uint8' : 'float32' });
    const statistics = { mean: shape.slice(0, 1).flatMap((c) => Array<number>(c).fill(0.5)) };
    let x = uint8
      ? b.node('normalize', 'normalize', [b.input], { ...statistics, std: statistics.mean })
      : b.input;
    for (const [i, [kind = 0, ...numbers]] of choices.entries()) {
      x = steps[kind % steps.length]!(b, `${path}.${i}`, x, numbers);
    }
    const vector = b.batchNorm('head.bn', b.flatten('head.flatten', x));
    const drop = b.node('dropout', 'head.drop', [vector], { rate: 0.5 });
    return b.build(b.linear('head.fc', drop, { outFeatures: classes }));
  });
