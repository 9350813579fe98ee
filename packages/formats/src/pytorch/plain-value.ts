import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleSequence,
  type PickleValue,
} from '../pickle/pickle-value.js';
import { itemsOf } from './pickle-parts.js';
import { numpyScalar } from './rebuild-numpy.js';

const DICTS: ReadonlySet<string> = new Set([
  ...['collections.OrderedDict', 'collections.defaultdict', 'collections.Counter'],
  ...['builtins.dict', '__builtin__.dict'],
]);

const SEQUENCES: ReadonlySet<string> = new Set([
  ...['torch.Size', 'builtins.set', 'builtins.frozenset', 'builtins.list', 'builtins.tuple'],
  ...['__builtin__.set', '__builtin__.frozenset', '__builtin__.list', '__builtin__.tuple'],
  ...['collections.deque', 'torch.jit._pickle.build_intlist', 'torch.jit._pickle.build_tensorlist'],
  ...['torch.jit._pickle.build_doublelist', 'torch.jit._pickle.build_boollist'],
]);

/** What calls make, by the call: a file may refer to one a million times. */
const made = new WeakMap<PickleObject, PickleValue>();

/**
 * A call of a well-known container or number of Python, PyTorch or numpy as what it makes; every other value as it is.
 * Dicts keep their entries, whatever attributes they carry besides. What is shared is not copied. Only for pickles that were
 * read to their end: a call is looked into once.
 */
export function plainValue(value: PickleValue): PickleValue {
  if (value instanceof PickleGlobal) return value.path;
  if (!(value instanceof PickleObject)) return value;
  let plain = made.get(value);
  if (plain === undefined) {
    plain = plainCall(value);
    made.set(value, plain);
  }
  return plain;
}

function plainCall(value: PickleObject): PickleValue {
  const name = value.callee?.path ?? '';
  if (DICTS.has(name)) return dictOf(value);
  if (SEQUENCES.has(name)) {
    const [first = null] = itemsOf(value.args);
    if (!value.items && first instanceof PickleSequence) return first;
    return new PickleSequence('list', [...itemsOf(first), ...(value.items ?? [])]);
  }
  if (name === 'torch.device') return itemsOf(value.args).map(String).join(':');
  return numpyScalar(value) ?? value;
}

function dictOf(call: PickleObject): PickleDict {
  const args = itemsOf(call.args);
  if (args.length === 1 && args[0] instanceof PickleDict && !call.entries) return args[0];
  const dict = new PickleDict();
  // Python 2 wrote OrderedDict([[key, value], …]).
  for (const argument of args) {
    for (const pair of itemsOf(argument)) {
      const [key, value] = itemsOf(pair);
      if (key !== undefined && value !== undefined) dict.entries.set(key, value);
    }
    if (argument instanceof PickleDict) {
      for (const [key, value] of argument.entries) dict.entries.set(key, value);
    }
  }
  for (const [key, value] of call.entries ?? []) dict.entries.set(key, value);
  return dict;
}
