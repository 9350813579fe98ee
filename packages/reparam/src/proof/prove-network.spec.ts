import { describe, expect, it } from '@jest/globals';
import { proveNetworkOn, type LogitRows } from './prove-network.js';

type Rows = readonly (readonly number[])[];

const logits = (rows: Rows): LogitRows => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  data: rows.flat(),
});

/** A run over batches of logits, `[train, fused]`. */
const proofOf = (batches: readonly (readonly [Rows, Rows])[]) =>
  proveNetworkOn({
    batches,
    run: (form, [train, fused]) => Promise.resolve(logits(form === 'train' ? train : fused)),
  });

describe('proveNetworkOn', () => {
  it('counts agreement of the largest logit sample by sample, over batches of different size', async () => {
    const proof = await proofOf([
      [
        [
          [1, 2, 0],
          [3, 0, 0],
          [0, 0, 5],
        ],
        [
          [1, 2, 0],
          [0, 3, 0],
          [0, 0, 4],
        ],
      ],
      [[[0, 1, 0]], [[0, 1, 0]]],
    ]);
    expect(proof.samples).toBe(4);
    expect(proof.top1Agreement).toBe(3 / 4);
    expect(proof.maxAbsError).toBe(3);
    // (3, 0, 0) against (0, 3, 0): √18 / √9.
    expect(proof.maxRelError).toBeCloseTo(Math.SQRT2, 12);
  });

  it('takes the worst sample, not the mean over a batch', async () => {
    const { maxRelError } = await proofOf([
      [
        [
          [1000, 0],
          [0, 1],
        ],
        [
          [1000, 0],
          [0, 1.5],
        ],
      ],
    ]);
    expect(maxRelError).toBe(0.5);
  });

  it('keeps NaN against every later sample', async () => {
    const proof = await proofOf([
      [[[1, 2]], [[NaN, 2]]],
      [[[1, 2]], [[1, 2]]],
    ]);
    expect(proof).toMatchObject({ maxAbsError: NaN, maxRelError: NaN, samples: 2 });
  });

  it('is infinitely wrong where only the original says zero', async () => {
    expect(await proofOf([[[[0, 0]], [[0, 1]]]])).toMatchObject({ maxRelError: Infinity });
    expect(await proofOf([[[[0, 0]], [[0, 0]]]])).toMatchObject({ maxRelError: 0 });
  });
});
