import { describe, expect, it } from '@jest/globals';
import type { GraphBuilder, Value } from '@refold/graph';
import { fuse } from '../fuse.js';
import { convNorm, graphOf, type Build } from '../spec-kit/graph-of.js';
import { randomWeights } from '../spec-kit/random-weights.js';

const wide = { outChannels: 4, kernel: 3, padding: 1 };
const relu = (b: GraphBuilder, name: string, x: Value): Value => b.activation('relu', name, x);
/** A convolution, its BN and a ReLU, named in full. */
const chain = (b: GraphBuilder, x: Value, conv: string, bn: string, act: string): Value =>
  relu(b, act, b.batchNorm(bn, b.conv2d(conv, x, wide)));

const cases: readonly (readonly [string, Build, readonly string[]])[] = [
  [
    'the block that the readers share, for one branch too',
    (b, x) => relu(b, 's.0.act', convNorm(b, 's.0.conv_kxk.0', x, wide)),
    ['s.0.reparam_conv'],
  ],
  [
    'the path inside, where a block has several regions',
    (b, x) => {
      const depthwise = relu(b, 's.0.act1', convNorm(b, 's.0.dw', x, wide));
      return relu(b, 's.0.act2', convNorm(b, 's.0.pw', depthwise, wide));
    },
    ['s.0.dw.reparam_conv', 's.0.pw.reparam_conv'],
  ],
  [
    'the path inside too, where another region lies deeper in the block',
    (b, x) => {
      const deep = relu(b, 's.0.sub.act', convNorm(b, 's.0.sub.wide', x, wide));
      return relu(b, 's.0.act', convNorm(b, 's.0.dw', deep, wide));
    },
    ['s.0.sub.reparam_conv', 's.0.dw.reparam_conv'],
  ],
  [
    'the first convolution, where they share the path inside',
    (b, x) => {
      const first = chain(b, x, 's.conv1', 's.bn1', 's.act1');
      return chain(b, first, 's.conv2', 's.bn2', 's.act2');
    },
    ['s.conv1.reparam_conv', 's.conv2.reparam_conv'],
  ],
  [
    'another, where a node has the name',
    (b, x) => chain(b, x, 's.conv', 's.bn', 's.reparam_conv'),
    ['s.conv.reparam_conv'],
  ],
  [
    'nothing but the suffix, without paths',
    (b, x) => chain(b, x, 'c', 'bn', 'act'),
    ['reparam_conv'],
  ],
];

describe('names of fused convolutions', () => {
  it.each(cases)('%s', (_, build, names) => {
    const graph = graphOf(build);
    const { report } = fuse(graph, randomWeights(graph, 1));
    expect(report.regions.map(({ name }) => name)).toEqual(names);
  });
});
