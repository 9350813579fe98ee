import { describe, expect, it } from '@jest/globals';
import { isRefoldError } from '../refold-error.js';
import { isOpName, opDefinition, opNames, parseAttrs } from './op-definitions.js';

const conv = {
  outChannels: 8,
  kernel: [3, 3],
  stride: [1, 1],
  padding: [1, 1],
  dilation: [1, 1],
  groups: 1,
  bias: false,
};

function refusal(op: Parameters<typeof parseAttrs>[0], attrs: unknown) {
  try {
    parseAttrs(op, 'stem.conv', attrs);
  } catch (error) {
    if (isRefoldError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('op definitions', () => {
  it('cover the ops of DESIGN §4 and ADR 10, each under its own name', () => {
    const names = opNames().filter(isOpName);
    expect(names).toHaveLength(24);
    for (const name of names) expect(opDefinition(name).op).toBe(name);
    expect(isOpName('toString')).toBe(false);
  });

  it.each([
    ['outChannels', { ...conv, outChannels: 0 }, 'more than 0', '0'],
    ['kernel.1', { ...conv, kernel: [3, 'x'] }, 'number', '"x"'],
    ['bias', { ...conv, bias: undefined }, 'boolean', 'undefined'],
    ['colour', { ...conv, colour: 1 }, 'no such key', expect.stringContaining('outChannels')],
  ])('name node, key, expected and received for a bad %s', (key, attrs, expected, received) => {
    const { code, message, parts } = refusal('conv2d', attrs);
    expect(code).toBe('RF-GRAPH-ATTRS');
    expect(message).toContain("'stem.conv'");
    expect(message).toContain(`'${key}'`);
    expect(parts).toMatchObject({ expected, received });
  });

  it.each([
    ['batch_norm', { eps: 0, momentum: 0.1 }],
    ['batch_norm', { eps: 1e-5, momentum: 2 }],
    ['batch_norm', { eps: 1e-5, momentum: 0.1, init: { weight: { mean: 0, std: -1 } } }],
    ['dropout', { rate: 1 }],
    ['normalize', { mean: [0.5], std: [0] }],
    ['softmax_cross_entropy', { labelSmoothing: 0.1, targets: 'sparse' }],
    ['weighted_sum', { factors: [] }],
    ['relu', { slope: 0.1 }],
    ['input', { shape: [3, 0, 4], dtype: 'uint8' }],
    ['relu', null],
    ['relu', []],
  ] as const)('refuse %s %j', (op, attrs) => {
    expect(refusal(op, attrs).code).toBe('RF-GRAPH-ATTRS');
  });
});
