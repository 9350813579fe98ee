import { describe, expect, it, jest } from '@jest/globals';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleSequence,
  type PickleValue,
} from '../pickle/pickle-value.js';
import { collectTensors } from './collect-tensors.js';

const collect = (root: PickleValue) =>
  collectTensors('x', root, (what) => {
    throw new Error(what);
  });
const call = (path: string, ...args: PickleValue[]): PickleObject => {
  const [, module, name] = /^(.*)\.([^.]*)$/.exec(path)!;
  return new PickleObject(new PickleGlobal(module!, name!), new PickleSequence('tuple', args));
};
const dict = (entries: readonly (readonly [PickleValue, PickleValue])[]): PickleDict => {
  const made = new PickleDict();
  for (const [key, value] of entries) made.entries.set(key, value);
  return made;
};
const meta = () =>
  call('torch._utils._rebuild_meta_tensor_no_storage', null, new PickleSequence('tuple', [1]));

/** A list that counts how often it is gone through. */
function watched(items: PickleValue[]): { items: PickleValue[]; times: () => number } {
  let times = 0;
  const iterator = () => {
    times++;
    return Array.prototype[Symbol.iterator].call(items) as ArrayIterator<PickleValue>;
  };
  Object.defineProperty(items, Symbol.iterator, { value: iterator });
  return { items, times: () => times };
}

describe('collectTensors', () => {
  it('tells a thousand tensors of one name apart, without trying all numbers for each', () => {
    // Keys that are no texts are all called '?'.
    const root = dict(
      Array.from({ length: 1000 }, () => [new PickleSequence('tuple', []), meta()]),
    );
    const has = jest.spyOn(Map.prototype, 'has');
    const { tensors } = collect(root);
    const calls = has.mock.calls.length;
    has.mockRestore();
    expect([...tensors.keys()].slice(0, 3)).toEqual(['?', '?#2', '?#3']);
    expect(tensors.size).toBe(1000);
    expect(calls).toBeLessThan(10_000);
  });

  it('passes numbers that other tensors have as names', () => {
    const key = () => new PickleSequence('tuple', []);
    const root = dict([['?#2', meta()], ...[1, 2, 3].map(() => [key(), meta()] as const)]);
    expect([...collect(root).tensors.keys()]).toEqual(['?#2', '?', '?#3', '?#4']);
  });

  it.each([
    [
      'one set',
      (items: PickleValue[]) => {
        const shared = new PickleSequence('set', items);
        return () => shared;
      },
    ],
    [
      'one call',
      (items: PickleValue[]) => {
        const shared = call('builtins.set', new PickleSequence('list', items));
        return () => shared;
      },
    ],
    [
      'calls with one list',
      (items: PickleValue[]) => {
        const shared = new PickleSequence('list', items);
        return () => call('builtins.set', shared);
      },
    ],
  ])('copies nothing that a hundred modules share: %s', (_, passingOf) => {
    const { items, times } = watched(['left']);
    const passing = passingOf(items);
    const modules = Array.from({ length: 100 }, (_, i): [PickleValue, PickleValue] => {
      const module = call('my.Module');
      module.state = dict([
        ['_parameters', dict([])],
        ['_modules', dict([])],
        [
          '_buffers',
          dict([
            ['left', meta()],
            ['kept', meta()],
          ]),
        ],
        ['_non_persistent_buffers_set', passing()],
      ]);
      return [`m${i}`, module];
    });
    const { tensors } = collect(dict(modules));
    expect(tensors.size).toBe(100);
    expect(tensors.has('m99.kept')).toBe(true);
    expect(times()).toBe(1);
  });
});
