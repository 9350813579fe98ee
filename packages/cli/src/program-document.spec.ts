import { describe, expect, it } from '@jest/globals';
import type { CompiledOperation, CompiledProgram } from '@refold/core';
import { programDocument } from './program-document.js';

const operation = (
  op: string,
  pass: CompiledOperation['pass'],
  algorithm: string,
  flops: number,
  bytes = 10,
): CompiledOperation => ({ name: `${op} of ${flops}`, op, pass, algorithm, flops, bytes });

const program: CompiledProgram = {
  ...{ compileMs: 7, arenaBytes: 1, weightBytes: 2, flops: 3, bytes: 4 },
  operations: [
    operation('branches', 'backward', 'fused branches', 1),
    operation('conv2d', 'backward-data', 'winograd', 30),
    operation('branches', 'forward', 'fused branches', 0, 20),
    operation('max_pool', 'forward', 'own', 0, 30),
    operation('conv2d', 'forward', 'winograd', 5),
    operation('conv2d', 'forward', 'direct', 6),
    operation('conv2d', 'forward', 'winograd', 4),
  ],
};

describe('programDocument', () => {
  it('sums operations by op, pass and algorithm: by pass, then by arithmetic, then by traffic', () => {
    const group = (
      op: string,
      pass: string,
      algorithm: string,
      [count, flops, bytes]: readonly number[],
    ) => ({ op, pass, algorithm, count, flops, bytes });
    expect(programDocument(program, false)).toEqual({
      ...{ compileMs: 7, arenaBytes: 1, weightBytes: 2, flops: 3, bytes: 4 },
      groups: [
        group('conv2d', 'forward', 'winograd', [2, 9, 20]),
        group('conv2d', 'forward', 'direct', [1, 6, 10]),
        group('max_pool', 'forward', 'own', [1, 0, 30]),
        group('branches', 'forward', 'fused branches', [1, 0, 20]),
        group('conv2d', 'backward-data', 'winograd', [1, 30, 10]),
        group('branches', 'backward', 'fused branches', [1, 1, 10]),
      ],
    });
  });

  it('lists every operation in its order when asked', () => {
    expect(programDocument(program, true).operations).toEqual(program.operations);
  });
});
