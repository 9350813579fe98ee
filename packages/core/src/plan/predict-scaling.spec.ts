import { describe, expect, it } from '@jest/globals';
import { predictScaling, ringAllReduceMs } from './predict-scaling.js';

/** 1 Gb/s. */
const network = { bandwidth: 125e6, latencyMs: 0.05 };
const step = { forwardMs: 40, backwardMs: 80, updateMs: 5, bucketBytes: [4e6, 4e6, 4e6, 4e6] };

describe('a ring', () => {
  it('sends twice all but its own part', () => {
    // 6 messages of 1 MB: 8 ms each, and their latency.
    expect(ringAllReduceMs(4e6, 4, network)).toBeCloseTo(6 * (8 + 0.05), 10);
    expect(ringAllReduceMs(4e6, 2, network)).toBeCloseTo(2 * (16 + 0.05), 10);
    expect(ringAllReduceMs(4e6, 1, network)).toBe(0);
  });
});

describe('a step on several nodes', () => {
  it('is that of one where there is one', () => {
    expect(predictScaling(step, 1, network)).toEqual({
      ...{ nodes: 1, stepMs: 125, communicationMs: 0, waitingMs: 0, efficiency: 1 },
    });
  });

  it('hides what is exchanged while backward goes on', () => {
    // Buckets are ready at 60, 80, 100 and 120 ms and take 10 ms each: only the last is waited for.
    const fast = { bandwidth: 4e6 / 0.01, latencyMs: 0 };
    const { waitingMs, communicationMs, stepMs } = predictScaling(step, 2, fast);
    expect(communicationMs).toBeCloseTo(40, 10);
    expect(waitingMs).toBeCloseTo(10, 10);
    expect(stepMs).toBeCloseTo(135, 10);
  });

  it('waits for a network that is slower than the pass', () => {
    // 30 ms each, one after the other from 60 ms on.
    const slow = { bandwidth: 4e6 / 0.03, latencyMs: 0 };
    expect(predictScaling(step, 2, slow).waitingMs).toBeCloseTo(60 + 4 * 30 - 120, 10);
  });

  it('hides nothing of a single bucket', () => {
    const single = { ...step, bucketBytes: [16e6] };
    const { waitingMs, communicationMs } = predictScaling(single, 2, network);
    expect(waitingMs).toBeCloseTo(communicationMs, 10);
  });
});
