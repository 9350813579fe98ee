import { describe, expect, it } from '@jest/globals';
import type { Conv2dAttrs, GraphBuilder, Value } from '@refold/graph';
import { fusionErrors } from './spec-kit/compare.js';
import { convNorm, graphOf, opsOf, type Build } from './spec-kit/graph-of.js';
import { randomWeights } from './spec-kit/random-weights.js';

/** Channels of every image here. */
const C = 4;
const depthwise = { outChannels: C, groups: C };

const relu = (b: GraphBuilder, name: string, x: Value): Value => b.activation('relu', name, x);

/** The sum of branches, and a ReLU after it. */
const block =
  (branches: (b: GraphBuilder, x: Value) => readonly Value[]): Build =>
  (b, x) =>
    relu(b, 'act', b.add('sum', branches(b, x)));

/** Figure 2 of Ding et al. 2021, "RepVGG"; the identity where the shape allows it. */
const repvgg = (b: GraphBuilder, x: Value, stride: number, groups: number): readonly Value[] => [
  convNorm(b, 'conv_kxk', x, { outChannels: C, kernel: 3, padding: 1, stride, groups }),
  convNorm(b, 'conv_1x1', x, { outChannels: C, kernel: 1, stride, groups }),
  ...(stride === 1 ? [b.batchNorm('identity', x)] : []),
];

/** Figure 2 of Ding et al. 2021, "Diverse Branch Block": the padding lies on the 1×1, before its BN. */
const diverse = (b: GraphBuilder, x: Value, stride: number): readonly Value[] => {
  const padded = { outChannels: C, kernel: 1, padding: 1 };
  const wide = { outChannels: C, kernel: 3, stride };
  const pool = { kernel: 3, stride };
  return [
    convNorm(b, 'origin', x, { ...wide, padding: 1 }),
    convNorm(b, 'point', x, { outChannels: C, kernel: 1, stride }),
    b.batchNorm('avg.bn', b.avgPool('avg.pool', convNorm(b, 'avg.point', x, padded), pool)),
    convNorm(b, 'point_kxk.wide', convNorm(b, 'point_kxk.point', x, padded), wide),
  ];
};

/** Figure 3 of Vasu et al. 2022, "MobileOne". */
const mobileone = (b: GraphBuilder, x: Value, kernel: 1 | 3): readonly Value[] => {
  const groups = kernel === 3 ? C : 1;
  const conv = { outChannels: C, kernel, padding: (kernel - 1) / 2, groups };
  const equal = [0, 1, 2, 3].map((i) => convNorm(b, `conv_kxk.${i}`, x, conv));
  const scale = kernel === 3 ? [convNorm(b, 'conv_scale', x, { ...depthwise, kernel: 1 })] : [];
  return [...scale, ...equal, b.batchNorm('identity', x)];
};

const blocks: readonly (readonly [string, Build, Partial<Conv2dAttrs>])[] = [
  ['RepVGG', block((b, x) => repvgg(b, x, 1, 1)), { kernel: [3, 3], padding: [1, 1] }],
  ['RepVGG, stride 2', block((b, x) => repvgg(b, x, 2, 1)), { kernel: [3, 3], stride: [2, 2] }],
  ['RepVGG, 2 groups', block((b, x) => repvgg(b, x, 1, 2)), { kernel: [3, 3], groups: 2 }],
  [
    'ACNet',
    block((b, x) => [
      convNorm(b, 'square', x, { outChannels: C, kernel: 3, padding: 1 }),
      convNorm(b, 'flat', x, { outChannels: C, kernel: [1, 3], padding: [0, 1] }),
      convNorm(b, 'tall', x, { outChannels: C, kernel: [3, 1], padding: [1, 0] }),
    ]),
    { kernel: [3, 3], padding: [1, 1] },
  ],
  ['DBB', block((b, x) => diverse(b, x, 1)), { kernel: [3, 3], padding: [1, 1] }],
  ['DBB, stride 2', block((b, x) => diverse(b, x, 2)), { kernel: [3, 3], stride: [2, 2] }],
  ['MobileOne, depthwise', block((b, x) => mobileone(b, x, 3)), { kernel: [3, 3], groups: C }],
  ['MobileOne, pointwise', block((b, x) => mobileone(b, x, 1)), { kernel: [1, 1], groups: 1 }],
  [
    'RepLKNet',
    block((b, x) => [
      convNorm(b, 'large', x, { ...depthwise, kernel: 13, padding: 6 }),
      convNorm(b, 'small', x, { ...depthwise, kernel: 5, padding: 2 }),
    ]),
    { kernel: [13, 13], padding: [6, 6], groups: C },
  ],
  [
    'RepViT: a BN after the sum',
    (b, x) => {
      const wide = convNorm(b, 'wide', x, { ...depthwise, kernel: 3, padding: 1 });
      const point = b.conv2d('point', x, { ...depthwise, kernel: 1, bias: true });
      return relu(b, 'act', b.batchNorm('bn', b.add('sum', [wide, point, x])));
    },
    { kernel: [3, 3], groups: C },
  ],
  [
    'FastViT: a residual with layer scale',
    (b, x) => {
      const mixer = b.add('mixer', [
        convNorm(b, 'wide', x, { ...depthwise, kernel: 3, padding: 1 }),
        convNorm(b, 'point', x, { ...depthwise, kernel: 1 }),
        b.batchNorm('identity', x),
      ]);
      const scaled = b.node('scale', 'layer_scale', [mixer], { init: 1e-5 });
      const dropped = b.node('drop_path', 'drop_path', [scaled], { rate: 0.1 });
      return relu(b, 'act', b.add('residual', [x, dropped]));
    },
    { kernel: [3, 3], groups: C },
  ],
  [
    "FastViT's RepMixer: x + scale · (mixer(x) − norm(x))",
    (b, x) => {
      const mixer = b.add('mixer.sum', [
        convNorm(b, 'mixer.wide', x, { ...depthwise, kernel: 3, padding: 1 }),
        convNorm(b, 'mixer.point', x, { ...depthwise, kernel: 1 }),
        b.batchNorm('mixer.identity', x),
      ]);
      const difference = b.weightedSum('difference', [
        [1, mixer],
        [-1, b.batchNorm('norm', x)],
      ]);
      const scaled = b.node('scale', 'layer_scale', [difference], { init: 1e-5 });
      return relu(b, 'act', b.add('residual', [x, scaled]));
    },
    { kernel: [3, 3], groups: C },
  ],
  [
    'a 3×3 then a 1×1, beside a scaled average',
    block((b, x) => [
      b.conv2d('b.1', b.conv2d('b.0', x, { outChannels: 6, kernel: 3, padding: 1 }), {
        outChannels: C,
        kernel: 1,
      }),
      b.node('scale', 'scale', [b.avgPool('pool', x, { kernel: 3, stride: 1, padding: 1 })], {
        init: 1,
      }),
    ]),
    { kernel: [3, 3], padding: [1, 1] },
  ],
];

describe('fusion of known blocks, none of which it knows', () => {
  it.each(blocks)('%s becomes one convolution', (_, build, attrs) => {
    const graph = graphOf(build);
    const { algebra, rounded, fusion } = fusionErrors(graph, randomWeights(graph, 1));
    expect(opsOf(fusion.graph)).toEqual(['conv2d', 'relu']);
    expect(fusion.graph.nodes[1]!.attrs).toMatchObject({ ...attrs, outChannels: C, bias: true });
    expect(fusion.report.regions).toHaveLength(1);
    expect(fusion.report.left).toEqual([]);
    expect(algebra).toBeLessThan(1e-12);
    expect(rounded).toBeLessThan(1e-5);
  });

  it('keeps the squeeze-excite after the sum of a RepVGG block', () => {
    const graph = graphOf((b, x) => {
      const sum = b.add('sum', repvgg(b, x, 1, 1));
      const point = { kernel: 1, bias: true };
      const pooled = b.globalAvgPool('se.pool', sum);
      const squeeze = b.conv2d('se.fc1', pooled, { ...point, outChannels: 2 });
      const excite = b.conv2d('se.fc2', relu(b, 'se.act', squeeze), { ...point, outChannels: C });
      return relu(b, 'act', b.mul('se.mul', sum, b.activation('sigmoid', 'se.gate', excite)));
    });
    const { rounded, fusion } = fusionErrors(graph, randomWeights(graph, 2));
    const kept = graph.nodes.filter(({ name }) => /^(se|act)/.test(name));
    expect(opsOf(fusion.graph)).toEqual(['conv2d', ...kept.map(({ op }) => op)]);
    expect(fusion.report.regions).toHaveLength(1);
    expect(rounded).toBeLessThan(1e-5);
  });

  it('fuses every block of a chain for itself, and names it after its path', () => {
    const graph = graphOf((b, x) => {
      for (const name of ['stages.0', 'stages.1']) {
        const wide = convNorm(b, `${name}.wide`, x, { outChannels: C, kernel: 3, padding: 1 });
        const sum = b.add(`${name}.sum`, [wide, b.batchNorm(`${name}.identity`, x)]);
        x = relu(b, `${name}.act`, sum);
      }
      return x;
    });
    const { rounded, fusion } = fusionErrors(graph, randomWeights(graph, 3));
    expect(opsOf(fusion.graph)).toEqual(['conv2d', 'relu', 'conv2d', 'relu']);
    const names = fusion.report.regions.map(({ name }) => name);
    expect(names).toEqual(['stages.0.reparam_conv', 'stages.1.reparam_conv']);
    expect([...fusion.weights.keys()]).toEqual(
      names.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    );
    expect(rounded).toBeLessThan(1e-5);
  });

  it('splits a sum: of a(x) + b(x) + relu(c(x)) the first two become one', () => {
    const wide = { outChannels: C, kernel: 3, padding: 1 };
    const graph = graphOf((b, x) =>
      b.add('sum', [
        convNorm(b, 'a', x, wide),
        convNorm(b, 'b', x, wide),
        relu(b, 'c.act', convNorm(b, 'c', x, wide)),
      ]),
    );
    const { rounded, fusion } = fusionErrors(graph, randomWeights(graph, 4));
    expect(opsOf(fusion.graph).toSorted()).toEqual(['add', 'conv2d', 'conv2d', 'relu']);
    expect(rounded).toBeLessThan(1e-5);
  });
});
