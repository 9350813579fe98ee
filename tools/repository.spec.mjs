import { describe, expect, it } from '@jest/globals';
import { checks } from './checks/index.mjs';

describe('The repository', () => {
  for (const { title, problems } of checks) {
    it(`holds: ${title}`, () => {
      expect(problems()).toEqual([]);
    });
  }
});
