import { describe, expect, it } from '@jest/globals';
import { asConvolution } from '../algebra/as-convolution.js';
import { exact, lineMap, readLine } from '../spec-kit/line-map.js';
import { concat } from './concat.js';
import { convForm, convMap } from './conv-map.js';
import { identityMap } from './diagonal-map.js';
import { sum } from './sum.js';

const three = lineMap([1, 2, 3], 4, { before: 1, after: 1 });

describe('sum', () => {
  it('puts one tap into the centre of three, and adds biases', () => {
    const line = readLine(exact(sum([three, lineMap([10], 40)])));
    expect(line).toMatchObject({ taps: [1, 12, 3], bias: [44], axis: { before: 1, after: 1 } });
  });

  it('takes the identity for a Dirac kernel in every group', () => {
    const attrs = { kernel: [1, 3], stride: [1, 1], padding: [0, 1], dilation: [1, 1] } as const;
    const form = convForm({ ...attrs, outChannels: 4, groups: 2, bias: false }, 4, true);
    const { kernel_OIHW, form: result } = exact(
      sum([convMap(form, new Float64Array(4 * 2 * 3)), identityMap(4)]),
    );
    expect(result.groups).toBe(2);
    // Rows: output channels; columns: the two inputs of its group, three taps each.
    const [left, right] = [
      [0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 1, 0],
    ] as const;
    expect([...kernel_OIHW]).toEqual([left, right, left, right].flat());
  });

  it('puts zeros between the taps of a dilated kernel', () => {
    const dilated = lineMap([10, 20, 30], 0, { dilation: 2, before: 2, after: 2 });
    const { taps, axis } = readLine(exact(sum([three, dilated])));
    expect(taps).toEqual([10, 1, 22, 3, 30]);
    expect(axis).toMatchObject({ kernel: 5, dilation: 1, before: 2, after: 2 });
    // Beside one tap the gaps can stay.
    expect(readLine(exact(sum([dilated, lineMap([1])]))).taps).toEqual([10, 21, 30]);
  });

  it('aligns an even kernel by the pixels that it reads; as a convolution it grows to equal padding', () => {
    const even = lineMap([1, 2], 0, { stride: 2 });
    const point = lineMap([10], 0, { stride: 2 });
    const together = exact(sum([even, point]));
    expect(readLine(together)).toMatchObject({ taps: [11, 2], axis: { before: 0, after: 1 } });
    const line = readLine(asConvolution(together));
    expect(line).toMatchObject({ taps: [0, 11, 2], axis: { kernel: 3, before: 1, after: 1 } });
  });

  it('refuses strides that differ, with both of them', () => {
    const result = sum([three, lineMap([1], 0, { stride: 2 })]);
    expect(result).toEqual({ refused: 'its branches have different strides, 1 and 2' });
  });
});

describe('concat', () => {
  it('stacks outputs on the common grid', () => {
    const { kernel_OIHW, bias_O, form } = exact(concat([lineMap([10], 40), three]));
    expect([...kernel_OIHW]).toEqual([0, 10, 0, 1, 2, 3]);
    expect([...bias_O]).toEqual([40, 4]);
    expect(form).toMatchObject({ outChannels: 2, groups: 1, zeroBias: false });
  });
});
