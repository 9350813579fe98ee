import { describe, expect, it } from '@jest/globals';
import { isRefusal, POINT } from '../algebra/linear-map.js';
import { exact, lineMap, readLine } from '../spec-kit/line-map.js';
import { batchNormMap } from './batch-norm-map.js';
import { compose } from './compose.js';
import { convForm, convMap } from './conv-map.js';
import { diagonalMap } from './diagonal-map.js';

describe('compose', () => {
  it('multiplies kernels as polynomials, and carries the first bias through the second', () => {
    // (1 + 2x)(3 + 4x + 5x²); 7 + (3 + 4 + 5) · 2.
    const line = readLine(exact(compose(lineMap([1, 2], 2), lineMap([3, 4, 5], 7))));
    expect(line).toMatchObject({ taps: [3, 10, 13, 10], bias: [31], axis: { kernel: 4 } });
  });

  it('spreads the second kernel by the stride of the first', () => {
    const first = lineMap([1, 2], 0, { stride: 2 });
    const { taps, axis } = readLine(exact(compose(first, lineMap([3, 4]))));
    expect(taps).toEqual([3, 6, 4, 8]);
    expect(axis).toMatchObject({ stride: 2, kernel: 4, dilation: 1 });
  });

  it('keeps dilation where taps have gaps in common', () => {
    const first = lineMap([1, 2], 0, { dilation: 4 });
    const { taps, axis } = readLine(exact(compose(first, lineMap([1, 10], 0, { dilation: 2 }))));
    expect(taps).toEqual([1, 10, 2, 20]);
    expect(axis).toMatchObject({ kernel: 4, dilation: 2 });
  });

  it('counts the padding of the second in strides of the first', () => {
    const point = lineMap([2], 0, { stride: 3 });
    const padded = lineMap([1, 1, 1], 0, { before: 1, after: 1 });
    expect(readLine(exact(compose(point, padded)))).toMatchObject({
      // One tap in three, so the grid is that of the strides.
      taps: [2, 2, 2],
      axis: { before: 3, after: 3, stride: 3, dilation: 3 },
    });
  });

  it.each([
    ['a bias', lineMap([1], 1), true],
    ['no bias', lineMap([1]), false],
    ['three taps with padding of one', lineMap([1, 1, 1], 0, { before: 1, after: 1 }), true],
    ['three taps without padding', lineMap([1, 1, 1]), true],
    ['three taps with padding of two', lineMap([1, 1, 1], 0, { before: 2, after: 2 }), false],
    ['padding of two after only', lineMap([1, 1, 1], 0, { before: 1, after: 2 }), true],
    ['padding of two before only', lineMap([1, 1, 1], 0, { before: 2, after: 1 }), true],
  ])('before padding, %s', (_, first, refused) => {
    const second = lineMap([1, 1, 1], 0, { before: 1, after: 1 });
    expect(isRefusal(compose(first, second))).toBe(refused);
    expect(isRefusal(compose(first, lineMap([1, 1, 1])))).toBe(false);
  });

  it('folds a batch norm into the convolution before it', () => {
    // γ/√(σ² + ε) = 6/√(3 + 1) = 3; β + (b − μ)·3 = 1 + (7 − 5)·3.
    const bn = batchNormMap({ weight: [6], bias: [1], running_mean: [5], running_var: [3] }, 1);
    const line = readLine(exact(compose(lineMap([1, 2], 7), bn)));
    expect(line).toMatchObject({ taps: [3, 6], bias: [7] });
  });

  it('contracts over the channels between, group by group', () => {
    const attrs = { kernel: [1, 1], stride: [1, 1], padding: [0, 0], dilation: [1, 1] } as const;
    const point = (outChannels: number, groups: number, inChannels: number, weight: number[]) =>
      convMap(convForm({ ...attrs, outChannels, groups, bias: false }, inChannels, true), weight);
    // Depthwise (2, 3), then dense ((1, 10), (100, 1000)): columns are scaled.
    const depthwise = diagonalMap(Float64Array.of(2, 3), Float64Array.of(1, 1));
    const dense = exact(compose(depthwise, point(2, 1, 2, [1, 10, 100, 1000])));
    expect([...dense.kernel_OIHW]).toEqual([2, 30, 200, 3000]);
    expect([...dense.bias_O]).toEqual([11, 1100]);
    expect(dense.form).toMatchObject({ groups: 1, axes: [POINT, POINT] });

    // Two groups of 1 → 2 → 1 channels stay two groups.
    const grouped = exact(
      compose(point(4, 2, 2, [1, 2, 3, 4]), point(2, 2, 4, [1, 10, 100, 1000])),
    );
    expect([...grouped.kernel_OIHW]).toEqual([1 + 20, 300 + 4000]);
    expect(grouped.form.groups).toBe(2);
  });
});
