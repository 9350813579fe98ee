import { describe, expect, it } from '@jest/globals';
import { describeLearningRatePolicy } from '@refold/testing';
import { schedule, type ScheduleOptions } from './schedule.js';

const base: ScheduleOptions = {
  schedule: 'cosine',
  warmupEpochs: 0,
  warmupFactor: 0,
  minimum: 0,
  decayEpochs: null,
  decayRate: 0.1,
  milestones: [],
  power: 1,
};
const context = { stepsPerEpoch: 70, totalSteps: 840, epochs: 12, globalBatch: 64 };
const at = (options: Partial<ScheduleOptions>, step: number, rate = 0.05): number =>
  schedule({ ...base, ...options }).apply(rate, { ...context, step });

for (const name of ['cosine', 'step', 'multi-step', 'polynomial', 'constant'] as const) {
  const options = { warmupEpochs: 1.5, minimum: 1e-6, milestones: [2, 4] };
  describeLearningRatePolicy(name, () => schedule({ ...base, ...options, schedule: name }));
}

describe('schedule', () => {
  it('is the recipe of the reference curve: linear from 0 over an epoch, then cosine by step to 1e-6', () => {
    const recipe = { warmupEpochs: 1, minimum: 1e-6 };
    expect(at(recipe, 0)).toBe(0);
    expect(at(recipe, 35)).toBeCloseTo(0.025, 12);
    expect(at(recipe, 70)).toBe(0.05);
    expect(at(recipe, 70 + 385)).toBeCloseTo((0.05 + 1e-6) / 2, 12);
    // One step before the end: 1e-6 + 0.049999 · (1 + cos(π · 769/770)) / 2
    expect(at(recipe, 839)).toBeCloseTo(
      1e-6 + (0.049999 * (1 + Math.cos((Math.PI * 769) / 770))) / 2,
      15,
    );
  });

  it('takes a fraction of an epoch and a factor for the warm-up', () => {
    const options = { warmupEpochs: 0.1, warmupFactor: 0.5 } as const;
    expect(at(options, 0)).toBe(0.025);
    expect(at(options, 7)).toBe(0.05);
  });

  it.each([
    ['constant', {}, 800, 0.05],
    ['polynomial', { power: 2 }, 420, 0.0125],
    ['step', { decayEpochs: 3 }, 3 * 70, 0.005],
    ['step', { decayEpochs: 3 }, 3 * 70 - 1, 0.05],
    ['multi-step', { milestones: [4, 8], decayRate: 0.5 }, 8 * 70, 0.0125],
    ['multi-step', { milestones: [4, 8], warmupEpochs: 2 }, 4 * 70, 0.005],
  ] as const)('%s %j at step %i', (name, options, step, expected) => {
    expect(at({ schedule: name, ...options }, step)).toBeCloseTo(expected, 12);
  });

  it('never falls below the minimum, nor raises a rate that is below it', () => {
    expect(at({ schedule: 'step', decayEpochs: 1, minimum: 1e-3 }, 800)).toBe(1e-3);
    expect(at({ minimum: 1 }, 400)).toBe(0.05);
    expect(at({ decayEpochs: 2, minimum: 1e-3 }, 800)).toBeCloseTo(1e-3, 15);
  });

  it('describes itself', () => {
    const { describe: text } = schedule({ ...base, warmupEpochs: 5, minimum: 1e-6 });
    expect(text({ ...context, epochs: 240 })).toBe(
      '5 epochs of warm-up, then cosine over 235 epochs to at least 0.000001',
    );
  });
});
