import { describe, expect, it } from '@jest/globals';
import { quantity } from './quantity.js';

describe('quantity', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1.00 k'],
    [9_999, '10.0 k'],
    [99_960, '100 k'],
    [999_999, '1.00 M'],
    [9_108_968, '9.11 M'],
    [1_361_451_008, '1.36 G'],
  ])('%d is %s', (count, text) => expect(quantity(count)).toBe(text));
});
