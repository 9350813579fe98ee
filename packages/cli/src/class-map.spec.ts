import { describe, expect, it } from '@jest/globals';
import { classMap } from './class-map.js';

describe('classMap', () => {
  it.each([
    ['by name, in any order', ['dog', 'cat'], ['ant', 'cat', 'dog'], 3, [2, 1]],
    ['by index where the network has no names', ['dog', 'cat'], [], 2, [0, 1]],
  ])('%s', (_how, dataset, network, outputs, expected) => {
    expect(classMap(dataset, network, outputs)).toEqual(expected);
  });

  it.each([
    ['a class that the network does not know', ['dog', 'cow'], ['dog', 'cat'], 2, /cow/],
    ['another number of unnamed classes', ['dog', 'cat'], [], 3, /dog, cat/],
    ['many', [...'abcdefg'], ['x'], 1, /a, b, c, d, e, …/],
  ])('refuses %s', (_what, dataset, network, outputs, message) => {
    let thrown: unknown;
    try {
      classMap(dataset, network, outputs);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'RF-CLI-CLASSES',
      message: expect.stringMatching(message),
    });
  });
});
