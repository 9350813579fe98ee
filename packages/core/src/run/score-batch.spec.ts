import { describe, expect, it } from '@jest/globals';
import { scoreBatch } from './score-batch.js';

const logits = (rows: number[][]) => ({
  images: rows.length,
  classes: rows[0]!.length,
  data: Float32Array.from(rows.flat()),
});

describe('scoreBatch', () => {
  it('counts top-1 and top-5', () => {
    const rows = [
      [9, 1, 2, 3, 4, 5, 6],
      [9, 1, 2, 3, 4, 5, 6],
      [9, 1, 2, 3, 4, 5, 6],
    ];
    const score = scoreBatch(logits(rows), Int32Array.of(0, 3, 1));
    expect([score.top1, score.top5]).toEqual([1, 2]);
    expect([...score.predicted]).toEqual([0, 0, 0]);
  });

  it('gives ties to the lower index', () => {
    const row = [1, 1, 1, 1, 1, 1];
    const score = scoreBatch(logits([row, row, row]), Int32Array.of(0, 4, 5));
    expect([score.top1, score.top5]).toEqual([1, 2]);
  });

  it('never counts an image whose logits are not numbers', () => {
    const rows = logits([
      [NaN, NaN],
      [0, NaN],
      [Infinity, 0],
    ]);
    expect(scoreBatch(rows, Int32Array.of(0, 0, 0))).toMatchObject({ top1: 0, top5: 0, loss: NaN });
  });

  it('sums the cross-entropy without overflow', () => {
    // torch.nn.functional.cross_entropy of these rows, reduction='sum'
    const score = scoreBatch(
      logits([
        [1000, 0],
        [0.5, -0.5],
      ]),
      Int32Array.of(1, 0),
    );
    expect(score.loss).toBeCloseTo(1000 + 0.3132616875, 6);
  });
});
