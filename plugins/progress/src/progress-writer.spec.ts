import { describe, expect, it } from '@jest/globals';
import { Callback, type RefoldEvent } from '@refold/core';
import { createProvided, describeCallback } from '@refold/testing';
import { formatBar, formatDuration } from './format.js';
import plugin from './index.js';
import { ProgressWriter } from './progress-writer.js';

const started: RefoldEvent = {
  type: 'run-started',
  model: 'm',
  device: 'wasm',
  library: 'tfjs',
  epochs: 2,
  stepsPerEpoch: 4,
  totalSteps: 8,
  globalBatch: 10,
  rate: 0.1,
  resumedFrom: null,
  outputDir: '/out',
};
const step = (n: number): RefoldEvent => ({
  type: 'step-completed',
  epoch: n > 4 ? 1 : 0,
  step: n,
  loss: n,
  rate: 0.1,
  images: 10,
  correct: 5,
  timeMs: { data: 0, forward: 0, backward: 0, allReduce: 0, update: 0 },
});

/** A step every half second. */
function written(events: readonly RefoldEvent[], isTerminal: boolean, everySteps = 2): string {
  let text = '';
  let now = 0;
  const writer = new ProgressWriter(
    { write: (more) => (text += more), isTerminal, now: () => now },
    everySteps,
  );
  for (const event of events) {
    if (event.type === 'step-completed') now += 500;
    writer.take(event);
  }
  return text;
}

describeCallback('progress', () => createProvided(plugin, Callback, { options: { quiet: true } }));

describe('ProgressWriter', () => {
  it('writes plain lines off a terminal: means since the last line, pace, time left', () => {
    const lines = written([started, step(1), step(2), step(3), step(4)], false).split('\n');
    expect(lines).toEqual([
      'm on wasm (tfjs): 8 steps of 10 images, rate up to 0.1',
      'epoch 1/2 step 2/4: loss 1.500, top-1 50.0 %, 20 img/s, 3 s left',
      'epoch 1/2 step 4/4: loss 3.500, top-1 50.0 %, 20 img/s, 2 s left',
      '',
    ]);
  });

  it('draws a bar on a terminal and takes it away before a line', () => {
    const validated: RefoldEvent = {
      type: 'validated',
      epoch: 0,
      images: 7,
      top1: 50,
      top5: 90,
      loss: 1,
      imagesPerSecond: 3,
    };
    const text = written([started, step(4), validated], true);
    expect(text).toContain('\r\u001b[2K[████████████░░░░░░░░░░░░] epoch 1/2 step 4/4: loss 4.000');
    expect(text).toMatch(/left\r\u001b\[2Kepoch 1\/2: validation top-1 50.00 %/);
  });
});

describe('formats', () => {
  it.each([
    [0.4, '0 s'],
    [59.6, '1 min 00 s'],
    [185, '3 min 05 s'],
    [7475, '2 h 04 min'],
  ])('%d seconds', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('a bar never leaves its frame', () => {
    expect([formatBar(-1, 3), formatBar(0.5, 4), formatBar(2, 3)]).toEqual([
      '[░░░]',
      '[██░░]',
      '[███]',
    ]);
  });
});
