import { describe, expect, it } from '@jest/globals';
import { evaluate } from './evaluate/evaluate.js';
import { GraphBuilder } from './graph-builder.js';
import { initialise } from './initialise.js';

function network(classes: number) {
  const b = new GraphBuilder({ shape: [8, 8, 8], dtype: 'float32' });
  const conv = b.conv2d('conv', b.input, { outChannels: 64, kernel: 3, groups: 2, bias: true });
  const one = b.batchNorm('one', conv);
  const init = { weight: { mean: 0.1, std: 0.1 }, bias: { mean: 0, std: 0.1 } };
  const uneven = b.node('batch_norm', 'uneven', [one], { eps: 1e-5, momentum: 0.1, init });
  const scaled = b.node('scale', 'scaled', [uneven], { init: 0.5 });
  return b.build(b.linear('fc', b.flatten('flat', scaled), { outFeatures: classes }));
}

const statistics = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(square) };
};

describe('initialise', () => {
  const tensors = initialise(network(10), 7);
  const data = (name: string) => tensors.get(name)!.data;
  const all = (name: string) => [...new Set(data(name))];

  it('gives the state dict in its order', () => {
    expect([...tensors.keys()]).toEqual([
      'conv.weight',
      'conv.bias',
      'one.weight',
      'one.bias',
      'one.running_mean',
      'one.running_var',
      'uneven.weight',
      'uneven.bias',
      'uneven.running_mean',
      'uneven.running_var',
      'scaled.weight',
      'fc.weight',
      'fc.bias',
    ]);
    expect(tensors.get('conv.weight')!.shape).toEqual([64, 4, 3, 3]);
  });

  it('draws convolutions by fan-out within a group and linear layers with 0.01, as timm does', () => {
    const conv = statistics(data('conv.weight'));
    expect(conv.std / Math.sqrt(2 / (3 * 3 * 32))).toBeCloseTo(1, 1);
    expect(Math.abs(conv.mean)).toBeLessThan(0.01);
    expect(statistics(data('fc.weight')).std).toBeCloseTo(0.01, 3);
    expect([all('conv.bias'), all('fc.bias')]).toEqual([[0], [0]]);
  });

  it('starts BNs at one and zero, or where the graph says', () => {
    const kinds = ['weight', 'bias', 'running_mean', 'running_var'];
    expect(kinds.map((kind) => all(`one.${kind}`))).toEqual([[1], [0], [0], [1]]);
    const weight = statistics(data('uneven.weight'));
    expect(Math.abs(weight.mean - 0.1)).toBeLessThan(0.04);
    expect(Math.abs(weight.std - 0.1)).toBeLessThan(0.03);
    expect(Math.abs(statistics(data('uneven.bias')).mean)).toBeLessThan(0.04);
    expect(all('scaled.weight')).toEqual([0.5]);
  });

  it('starts a convolution as the identity where the graph says, as torch.nn.init.dirac_ does', () => {
    const b = new GraphBuilder({ shape: [4, 3, 3], dtype: 'float32' });
    const conv = { outChannels: 4, kernel: 3, padding: 1, init: 'identity' } as const;
    const graph = b.build(b.conv2d('two', b.conv2d('one', b.input, conv), { ...conv, groups: 2 }));
    const image = { shape: [1, 4, 3, 3], data: Float32Array.from({ length: 36 }, (_, i) => i) };
    const answer = evaluate(graph, initialise(graph, 7), image).get('two')!;
    expect([...answer.data]).toEqual([...image.data]);
    // dirac_(torch.empty(4, 1, 3, 2), groups=2): of two outputs with one input each, the first is the input.
    const wide = { outChannels: 4, kernel: [3, 2], groups: 2, init: 'identity' } as const;
    const c = new GraphBuilder({ shape: [2, 4, 4], dtype: 'float32' });
    const { data: kernel } = initialise(c.build(c.conv2d('c', c.input, wide)), 7).get('c.weight')!;
    expect([...kernel.keys()].filter((i) => kernel[i] !== 0)).toEqual([3, 15]);
  });

  it('depends on seed and name only', () => {
    expect(initialise(network(10), 7)).toEqual(tensors);
    expect(initialise(network(3), 7).get('conv.weight')).toEqual(tensors.get('conv.weight'));
    expect(initialise(network(10), 8).get('conv.weight')).not.toEqual(tensors.get('conv.weight'));
  });
});
