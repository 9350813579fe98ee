import fc from 'fast-check';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';

const CHANNELS = 4;
const ACTIVATIONS = [
  'relu',
  'relu6',
  'silu',
  'gelu',
  'sigmoid',
  'hard_sigmoid',
  'hard_swish',
] as const;

/** Makes one more value of shape [4, H, W] from values of that shape. */
type Step = (b: GraphBuilder, name: string, pick: (n: number) => Value, n: number) => Value;

/** Weighted by repetition towards what `branches` steps are made of. */
const steps: readonly Step[] = [
  ...repeat(3, (b, name, pick, n) => b.batchNorm(name, pick(n), { eps: 1e-3, momentum: 0.2 })),
  ...repeat(4, (b, name, pick, n) =>
    b.add(
      name,
      Array.from({ length: 2 + (n % 3) }, (_, i) => pick(n + 7 * i)),
    ),
  ),
  ...repeat(2, (b, name, pick, n) =>
    b.activation(ACTIVATIONS[n % ACTIVATIONS.length]!, name, pick(n + 1)),
  ),
  ...repeat(2, (b, name, pick, n) =>
    b.conv2d(name, pick(n), {
      outChannels: CHANNELS,
      kernel: 1 + 2 * (n % 2),
      padding: n % 2,
      groups: n % 3 === 0 ? CHANNELS : 1,
      bias: n % 5 === 0,
    }),
  ),
  (b, name, pick, n) => b.mul(name, pick(n), pick(n + 3)),
  (b, name, pick, n) => {
    const gate = b.activation('sigmoid', `${name}.gate`, b.globalAvgPool(`${name}.pool`, pick(n)));
    return b.mul(name, pick(n + 1), gate);
  },
  (b, name, pick, n) =>
    b.weightedSum(name, [
      [0.5, pick(n)],
      [-1, b.activation('sigmoid', `${name}.act`, pick(n + 5))],
      [(n % 5) / 4, pick(n + 2)],
    ]),
  (b, name, pick, n) => b.node('scale', name, [pick(n)], { init: 0.5 }),
  (b, name, pick, n) =>
    b.node(n % 2 === 0 ? 'dropout' : 'drop_path', name, [pick(n)], { rate: n % 3 === 0 ? 0.5 : 0 }),
  (b, name, pick, n) => b.maxPool(name, pick(n), { kernel: 3, padding: 1, stride: 1 }),
  (b, name, pick, n) =>
    b.conv2d(name, b.node('concat', `${name}.cat`, [pick(n), pick(n + 2)], {}), {
      outChannels: CHANNELS,
      kernel: 1,
    }),
];

export interface ArbitraryNetworkOptions {
  /** Leaves out what draws random numbers in training. */
  readonly drops: boolean;
}

/**
 * Networks of up to 14 steps in which any value may be read by any later step, by several, or by none, with a
 * classifier. Their inputs are bytes or floats of 2 × 5 × 4.
 */
export function arbitraryNetwork({ drops }: ArbitraryNetworkOptions): fc.Arbitrary<Graph> {
  return fc
    .record({
      bytes: fc.boolean(),
      choices: fc.array(fc.tuple(fc.nat(99), fc.nat(999)), { minLength: 1, maxLength: 14 }),
      last: fc.nat(9),
    })
    .map(({ bytes, choices, last }) => {
      const b = new GraphBuilder({ shape: [2, 5, 4], dtype: bytes ? 'uint8' : 'float32' });
      const statistics = { mean: [0.4, 0.5], std: [0.2, 0.25] };
      const x = bytes ? b.node('normalize', 'normalize', [b.input], statistics) : b.input;
      const values = [b.conv2d('stem', x, { outChannels: CHANNELS, kernel: 1, bias: true })];
      // Later values are likelier: networks get deep.
      const pick = (n: number) => values[Math.max(0, values.length - 1 - (n % 4))]!;
      for (const [i, [kind, n]] of choices.entries()) {
        const step = steps[kind % steps.length]!;
        const made = step(b, `blocks.${i}`, pick, n);
        const isDrop = ['dropout', 'drop_path'].includes(b.build(made).nodes.at(-1)!.op);
        if (drops || !isDrop) values.push(made);
      }
      const vector = b.flatten('head.flatten', b.globalAvgPool('head.pool', pick(last % 2)));
      const normed = last < 5 ? vector : b.batchNorm('head.bn', vector, { momentum: 0.2 });
      return b.build(b.linear('head.fc', normed, { outFeatures: 3 }));
    });
}

function repeat(count: number, step: Step): readonly Step[] {
  return Array.from({ length: count }, () => step);
}
