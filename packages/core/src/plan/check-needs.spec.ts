import { describe, expect, it } from '@jest/globals';
import { definePoint } from '../plugin/extension-point.js';
import { checkNeeds } from './check-needs.js';
import type { ChosenProvider } from './chosen-provider.js';

const point = (name: string) => definePoint<unknown>({ name, section: null, cardinality: 'one' });
const chosen = (name: string, needs: string[]): ChosenProvider => ({
  plugin: `plugin-${name}`,
  point: point(name),
  use: name,
  options: {},
  provider: {
    needs: Object.fromEntries(needs.map((need) => [need.toLowerCase(), point(need)])),
    create: () => null,
  },
});
const codeOf = (run: () => void): unknown => {
  try {
    run();
    return 'none';
  } catch (error) {
    return error;
  }
};

describe('checkNeeds', () => {
  it('accepts what is complete', () => {
    expect(codeOf(() => checkNeeds([chosen('A', ['B']), chosen('B', [])]))).toBe('none');
  });

  it('names what needs what', () => {
    const error = codeOf(() => checkNeeds([chosen('A', ['B'])]));
    expect(error).toMatchObject({ code: 'RF-PLAN-MISSING' });
    expect(String(error)).toContain('plugin-A needs');
  });

  it('prints the whole circle', () => {
    const circle = [chosen('A', ['B']), chosen('B', ['C']), chosen('C', ['B'])];
    const error = codeOf(() => checkNeeds(circle));
    expect(error).toMatchObject({ code: 'RF-PLAN-CYCLE' });
    expect(String(error)).toContain('B (plugin-B) → C (plugin-C) → B (plugin-B)');
  });
});
