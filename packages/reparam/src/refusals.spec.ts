import { describe, expect, it } from '@jest/globals';
import { graphToJson, type HostTensor } from '@refold/graph';
import { fuse } from './fuse.js';
import { fusionErrors } from './spec-kit/compare.js';
import { convNorm, graphOf, opsOf, type Build } from './spec-kit/graph-of.js';
import { randomWeights } from './spec-kit/random-weights.js';

const wide = { outChannels: 4, kernel: 3, padding: 1 };

interface Case {
  readonly build: Build;
  readonly shape?: readonly number[];
  /** Node that `report.left` names, and its reason. */
  readonly left: readonly [string, RegExp];
}

/** The conditions of the rules, each unmet. */
const cases: Readonly<Record<string, Case>> = {
  'a BN with shift before a padded convolution': {
    build: (b, x) => b.conv2d('conv', b.batchNorm('bn', x), wide),
    left: ['conv', /'conv': its padding puts zeros where what comes before it adds a constant/],
  },
  'a 1×1 with bias before a padded 3×3': {
    build: (b, x) =>
      b.conv2d('wide', b.conv2d('point', x, { outChannels: 6, kernel: 1, bias: true }), wide),
    left: ['wide', /zeros where what comes before it adds a constant; .*padding on the first/],
  },
  'a 1×1 with BN before a padded 3×3': {
    build: (b, x) => b.conv2d('wide', convNorm(b, 'point', x, { outChannels: 6, kernel: 1 }), wide),
    left: ['wide', /adds a constant/],
  },
  'a 1×1 with BN before a padded average': {
    build: (b, x) =>
      b.avgPool('pool', convNorm(b, 'point', x, { outChannels: 6, kernel: 1 }), {
        kernel: 3,
        stride: 1,
        padding: 1,
      }),
    left: ['pool', /adds a constant/],
  },
  'a sum before a padded 3×3, where one of its terms has a bias': {
    build: (b, x) => {
      const point = { outChannels: 4, kernel: 1 };
      const terms = [b.conv2d('a', x, { ...point, bias: true }), b.conv2d('b', x, point)];
      return b.conv2d('wide', b.add('sum', terms), wide);
    },
    left: ['wide', /adds a constant/],
  },
  'padding on the second of two 3×3 too': {
    build: (b, x) => b.conv2d('second', b.conv2d('first', x, wide), wide),
    left: ['second', /the kernel before it, continued over the border, still sees the image/],
  },
  'branches of different strides': {
    build: (b, x) =>
      b.add('sum', [
        b.conv2d('slow', x, { outChannels: 4, kernel: 3 }),
        b.conv2d('fast', x, { outChannels: 4, kernel: 2, stride: 2 }),
      ]),
    shape: [4, 4, 4],
    left: ['sum', /'sum': its branches have different strides, 1 and 2/],
  },
  'concatenated branches of different strides': {
    build: (b, x) => {
      const slow = b.conv2d('slow', x, { outChannels: 4, kernel: 3 });
      const fast = b.conv2d('fast', x, { outChannels: 4, kernel: 2, stride: 2 });
      return b.node('concat', 'concat', [slow, fast], {});
    },
    shape: [4, 4, 4],
    left: ['concat', /different strides/],
  },
  'an average that leaves padded zeros out': {
    build: (b, x) => {
      const pool = { kernel: 3, stride: 1, padding: 1, countIncludePad: false };
      return b.add('sum', [convNorm(b, 'wide', x, wide), b.avgPool('pool', x, pool)]);
    },
    left: ['sum', /'pool': its average leaves padded zeros out/],
  },
  'a value inside that something else uses': {
    build: (b, x) => {
      const conv = b.conv2d('conv', x, wide);
      const bn = b.batchNorm('bn', conv);
      return b.mul('mul', b.activation('relu', 'act', bn), b.activation('sigmoid', 'gate', conv));
    },
    left: ['bn', /the value of 'conv' is also used by 'gate'/],
  },
  'a non-linear op in a branch': {
    build: (b, x) => {
      const branch = b.activation('relu', 'act', convNorm(b, 'wide', x, wide));
      return b.add('sum', [branch, x]);
    },
    left: ['sum', /no common linear origin: 'act' \(relu\) lies on the way from 'input'/],
  },
  'a BN with no convolution beside it': {
    build: (b, x) => b.batchNorm('bn', b.activation('relu', 'act', x)),
    left: ['bn', /there is no convolution beside it/],
  },
};

describe('what fusion refuses, because it would not be exact', () => {
  it.each(Object.entries(cases))('%s', (_, { build, shape, left: [name, reason] }) => {
    const graph = graphOf(build, shape);
    const { rounded, fusion } = fusionErrors(graph, randomWeights(graph, 1));
    const { left } = fusion.report;
    expect(left).toEqual([{ name, reason: expect.stringMatching(reason) }]);
    expect(rounded).toBeLessThan(1e-5);

    // Nor does it do so when it may cost more.
    const eager = fusionErrors(graph, randomWeights(graph, 1), { allowMoreMacs: true });
    expect(eager.fusion.report.left).toEqual(left);
    expect(eager.rounded).toBeLessThan(1e-5);
  });

  it('leaves the graph and its tensors as they are where nothing can be fused', () => {
    const graph = graphOf(cases['a BN with shift before a padded convolution']!.build);
    const weights = randomWeights(graph, 1);
    const fusion = fuse(graph, weights);
    expect(graphToJson(fusion.graph)).toEqual(graphToJson(graph));
    for (const [name, tensor] of weights) expect(fusion.weights.get(name)).toBe(tensor);
  });
});

/** Exact as well, though the tables of the literature do not list them; left only where they cost more. */
const costly: Readonly<Record<string, Case>> = {
  'a stride in the first of two 3×3': {
    build: (b, x) => {
      const first = b.conv2d('first', x, { ...wide, stride: 2, bias: true });
      return b.conv2d('second', first, { outChannels: 4, kernel: 3 });
    },
    left: ['second', /one convolution from 'input' to 'second' would cost \d+ multiply-adds/],
  },
  'an even kernel beside a 1×1, whose centres are misaligned': {
    build: (b, x) =>
      b.add('sum', [
        b.conv2d('even', x, { outChannels: 4, kernel: 2, stride: 2 }),
        b.conv2d('point', x, { outChannels: 4, kernel: 1, stride: 2 }),
      ]),
    shape: [4, 8, 8],
    left: ['sum', /would cost \d+ multiply-adds instead of \d+/],
  },
  'a depthwise and a pointwise convolution': {
    build: (b, x) => {
      const depthwise = b.conv2d('depthwise', x, { ...wide, groups: 4, bias: true });
      return b.conv2d('pointwise', depthwise, { outChannels: 4, kernel: 1 });
    },
    left: ['pointwise', /would cost \d+ multiply-adds instead of \d+/],
  },
};

describe('what fusion leaves, because it would cost more', () => {
  it.each(Object.entries(costly))('%s', (_, { build, shape, left: [name, reason] }) => {
    const graph = graphOf(build, shape);
    const weights = randomWeights(graph, 1);
    const { left, regions } = fuse(graph, weights).report;
    expect(left).toEqual([{ name, reason: expect.stringMatching(reason) }]);
    expect(regions).toEqual([]);

    const { rounded, fusion } = fusionErrors(graph, weights, { allowMoreMacs: true });
    expect(opsOf(fusion.graph)).toEqual(['conv2d']);
    expect(fusion.report.left).toEqual([]);
    expect(rounded).toBeLessThan(1e-5);
  });
});

describe('conditions that are met', () => {
  const met: Readonly<Record<string, Build>> = {
    'a BN with shift before a convolution without padding': (b, x) =>
      b.conv2d('conv', b.batchNorm('bn', x), { outChannels: 4, kernel: 3 }),
    'a 1×1 without bias before a padded 3×3': (b, x) =>
      b.conv2d('wide', b.conv2d('point', x, { outChannels: 4, kernel: 1 }), wide),
    'a 1×1 with BN that has the padding of the 3×3': (b, x) => {
      const point = convNorm(b, 'point', x, { outChannels: 4, kernel: 1, padding: 1 });
      return b.conv2d('wide', point, { outChannels: 4, kernel: 3 });
    },
    'an average that leaves zeros out, without any': (b, x) =>
      b.avgPool('pool', b.conv2d('conv', x, wide), { kernel: 2, countIncludePad: false }),
  };
  it.each(Object.entries(met))('%s', (_, build) => {
    const graph = graphOf(build);
    const weights = randomWeights(graph, 1);
    const { rounded, fusion } = fusionErrors(graph, weights, { allowMoreMacs: true });
    expect(opsOf(fusion.graph)).toEqual(['conv2d']);
    expect(rounded).toBeLessThan(1e-5);
  });
});

describe('weights that cannot be fused', () => {
  const graph = graphOf((b, x) => convNorm(b, 'block', x, wide));
  const wrong: readonly (readonly [string, string, HostTensor | undefined])[] = [
    ['RF-FUSE-MISSING-TENSOR', 'block.bn.running_mean', undefined],
    ['RF-FUSE-TENSOR-SHAPE', 'block.conv.weight', filled([4, 4, 9], 1)],
    ['RF-FUSE-TENSOR-SHAPE', 'block.bn.bias', filled([5], 1)],
    ['RF-FUSE-NON-FINITE', 'block.conv.weight', filled([4, 4, 3, 3], NaN)],
    ['RF-FUSE-NON-FINITE', 'block.bn.weight', filled([4], Infinity)],
    ['RF-FUSE-VARIANCE', 'block.bn.running_var', filled([4], -1)],
    ['RF-FUSE-OVERFLOW', 'block.bn.weight', filled([4], 3e38)],
  ];
  it.each(wrong)('%s: %s', (code, name, tensor) => {
    const weights = randomWeights(graph, 1);
    if (tensor) weights.set(name, tensor);
    else weights.delete(name);
    // A near-zero variance makes the last one overflow.
    if (code === 'RF-FUSE-OVERFLOW') weights.set('block.bn.running_var', filled([4], 0));
    const part = code === 'RF-FUSE-OVERFLOW' ? 'reparam_conv' : name;
    expect(() => fuse(graph, weights)).toThrow(
      expect.objectContaining({ code, exitCode: 1, message: expect.stringContaining(part) }),
    );
  });
});

function filled(shape: readonly number[], value: number): HostTensor {
  return { shape, data: new Float32Array(shape.reduce((a, n) => a * n, 1)).fill(value) };
}
