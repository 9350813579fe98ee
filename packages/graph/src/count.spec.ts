import { describe, expect, it } from '@jest/globals';
import { activationBytes } from './activation-bytes.js';
import { count } from './count.js';
import { GraphBuilder } from './graph-builder.js';
import { parametersOf, tensorsOf } from './tensors-of.js';

const b = new GraphBuilder({ shape: [4, 6, 5], dtype: 'float32' });
const conv = b.conv2d('conv', b.input, {
  outChannels: 6,
  kernel: 3,
  stride: 2,
  padding: 1,
  groups: 2,
  bias: true,
});
const pooled = b.globalAvgPool('pool', b.batchNorm('bn', conv));
const graph = b.build(b.linear('fc', b.flatten('flat', pooled), { outFeatures: 3 }));

describe('count', () => {
  it('counts parameters, buffers, tensors and multiply-adds', () => {
    expect(count(graph)).toEqual({
      parameters: 6 * 2 * 9 + 6 + 2 * 6 + 3 * 6 + 3,
      buffers: 2 * 6,
      tensors: 2 + 4 + 2,
      batchNorms: 1,
      // Output 6 × 3 × 3, each of 2 channels × 9 taps; then 6 → 3.
      macs: 6 * 3 * 3 * 2 * 9 + 6 * 3,
    });
  });

  it('lists parameters apart from buffers', () => {
    const buffers = tensorsOf(graph).filter(
      (spec) => !parametersOf(graph).some((p) => p.name === spec.name),
    );
    expect(buffers.map(({ name }) => name)).toEqual(['bn.running_mean', 'bn.running_var']);
  });
});

describe('activationBytes', () => {
  it('is four bytes for every value of every node and sample', () => {
    const values = 4 * 6 * 5 + 2 * (6 * 3 * 3) + 6 + 6 + 3;
    expect(activationBytes(graph, 2)).toBe(2 * 4 * values);
  });
});
