import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryGraph } from './spec-kit/arbitrary-graph.js';
import { codeOf } from './spec-kit/code-of.js';
import { GraphBuilder } from './graph-builder.js';
import { shapesOf } from './shapes-of.js';

const image = () => new GraphBuilder({ shape: [4, 9, 7], dtype: 'float32' });
const conv = { outChannels: 6, kernel: 3 } as const;

describe('GraphBuilder', () => {
  it('gives values the shapes that the finished graph has', () => {
    fc.assert(
      fc.property(arbitraryGraph, (graph) => {
        const shapes = shapesOf(graph);
        expect([...shapes.keys()]).toEqual(graph.nodes.map(({ name }) => name));
        expect(shapes.get(graph.output)).toHaveLength(1);
      }),
      { numRuns: 50 },
    );
  });

  it('counts the windows that fit, on each axis by itself', () => {
    const dimension = fc.record({
      size: fc.integer({ min: 1, max: 40 }),
      kernel: fc.integer({ min: 1, max: 7 }),
      stride: fc.integer({ min: 1, max: 4 }),
      padding: fc.nat(5),
      dilation: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(dimension, dimension, (a, b) => {
        const fitting = ({ size, kernel, stride, padding, dilation }: typeof a) => {
          let windows = 0;
          const last = (start: number) => start + dilation * (kernel - 1);
          while (last(windows * stride - padding) < size + padding) windows++;
          return windows;
        };
        const builder = new GraphBuilder({ shape: [1, a.size, b.size], dtype: 'float32' });
        const pair = (key: keyof typeof a) => [a[key], b[key]] as const;
        const build = () =>
          builder.conv2d('conv', builder.input, {
            outChannels: 2,
            kernel: pair('kernel'),
            stride: pair('stride'),
            padding: pair('padding'),
            dilation: pair('dilation'),
          });
        const expected = [2, fitting(a), fitting(b)];
        if (expected.includes(0)) expect(codeOf(build)).toBe('RF-GRAPH-SHAPE');
        else expect(build().shape).toEqual(expected);
      }),
    );
  });

  it('does not change a graph when it goes on', () => {
    const b = image();
    const graph = b.build(b.conv2d('conv', b.input, conv));
    b.conv2d('more', b.input, conv);
    expect(graph.nodes).toHaveLength(2);
    expect(Object.isFrozen(graph.nodes[1])).toBe(true);
  });

  it.each<[string, string, (b: GraphBuilder) => unknown]>([
    ['a name twice', 'RF-GRAPH-DUPLICATE-NAME', (b) => b.conv2d('input', b.input, conv)],
    ['an unknown input', 'RF-GRAPH-UNKNOWN-INPUT', (b) => b.flatten('f', { name: 'x', shape: [] })],
    [
      'a second input',
      'RF-GRAPH-INPUT',
      (b) => b.node('input', 'i', [], { shape: [1], dtype: 'uint8' }),
    ],
    ['an unknown output', 'RF-GRAPH-UNKNOWN-INPUT', (b) => b.build({ name: 'x', shape: [] })],
    ['a loss elsewhere', 'RF-GRAPH-LOSS', (b) => b.build(b.input, b.flatten('f', b.input))],
    [
      'groups that do not divide',
      'RF-GRAPH-SHAPE',
      (b) => b.conv2d('c', b.input, { ...conv, groups: 4 }),
    ],
    [
      'a kernel beyond the image',
      'RF-GRAPH-SHAPE',
      (b) => b.conv2d('c', b.input, { ...conv, kernel: 10 }),
    ],
    [
      'a vector into a convolution',
      'RF-GRAPH-SHAPE',
      (b) => b.conv2d('c', b.flatten('f', b.input), conv),
    ],
    [
      'an image into a linear layer',
      'RF-GRAPH-SHAPE',
      (b) => b.linear('l', b.input, { outFeatures: 2 }),
    ],
    ['one summand', 'RF-GRAPH-SHAPE', (b) => b.add('a', [b.input])],
    [
      'unequal summands',
      'RF-GRAPH-SHAPE',
      (b) => b.add('a', [b.input, b.globalAvgPool('g', b.input)]),
    ],
    [
      'a factor too many',
      'RF-GRAPH-SHAPE',
      (b) => b.node('weighted_sum', 'w', [b.input], { factors: [1, 2] }),
    ],
    [
      'unequal terms',
      'RF-GRAPH-SHAPE',
      (b) =>
        b.weightedSum('w', [
          [1, b.input],
          [-1, b.globalAvgPool('g', b.input)],
        ]),
    ],
    [
      'unequal factors',
      'RF-GRAPH-SHAPE',
      (b) => b.mul('m', b.globalAvgPool('g', b.input), b.input),
    ],
    [
      'unequal heights',
      'RF-GRAPH-SHAPE',
      (b) => b.node('concat', 'c', [b.input, b.globalAvgPool('g', b.input)], {}),
    ],
    [
      'windows of padding only',
      'RF-GRAPH-SHAPE',
      (b) => b.maxPool('p', b.input, { kernel: 2, padding: 2 }),
    ],
    [
      'statistics for other channels',
      'RF-GRAPH-SHAPE',
      (b) => b.node('normalize', 'n', [b.input], { mean: [0], std: [1] }),
    ],
    [
      'a tensor beyond 32-bit indices',
      'RF-GRAPH-SHAPE',
      (b) => b.linear('l', b.flatten('f', b.input), { outFeatures: 2 ** 30 }),
    ],
    [
      'a loss of an image',
      'RF-GRAPH-SHAPE',
      (b) =>
        b.node('softmax_cross_entropy', 'l', [b.input], { labelSmoothing: 0, targets: 'index' }),
    ],
  ])('refuses %s', (_what, code, build) => {
    expect(codeOf(() => build(image()))).toBe(code);
  });
});
