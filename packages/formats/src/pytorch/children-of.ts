import {
  PickleGlobal,
  PickleDict,
  PickleObject,
  PickleSequence,
  type PickleValue,
} from '../pickle/pickle-value.js';
import { plainValue } from './plain-value.js';

/** A part of a pickled object. */
export interface Child {
  /** Of the path; empty where the part takes its parent's. */
  readonly key: string;
  readonly value: PickleValue;
}

/** What is inside a pickled object. */
export interface Inside {
  /** A short list of numbers and texts as JSON; null for everything else. */
  readonly scalars: string | null;
  /** The class's name where the object is of none that is known here; else null. */
  readonly opaque: string | null;
  /** The parts in order, found when asked for. */
  readonly children: () => Iterable<Child>;
}

const MAX_SCALARS = 64;
const MAX_SCALAR_CHARACTERS = 256;
const NO_ITEMS: readonly PickleValue[] = [];
const NOTHING: Inside = { scalars: null, opaque: null, children: () => [] };

/** What is inside a value. */
export function childrenOf(value: PickleValue): Inside {
  if (value instanceof PickleDict) {
    return { ...NOTHING, children: () => entriesOf(value.entries) };
  }
  if (value instanceof PickleSequence) {
    const scalars = scalarsOf(value.items);
    return { ...NOTHING, scalars, children: () => indexed(value.items) };
  }
  if (!(value instanceof PickleObject)) return NOTHING;
  const state = attributesOf(value.state);
  const modules = moduleParts(state);
  if (modules) return { ...NOTHING, children: modules };
  const cls = classOf(value);
  // Modules of TorchScript: their attributes are what their state_dict() would name.
  const opaque = cls.startsWith('__torch__.') ? null : cls;
  return { scalars: null, opaque, children: () => opaqueParts(value) };
}

function* entriesOf(entries: ReadonlyMap<PickleValue, PickleValue>): Iterable<Child> {
  for (const [key, value] of entries) {
    if (typeof key === 'string') yield { key, value };
    else if (key === null || typeof key !== 'object') yield { key: String(key), value };
    else yield { key: '?', value };
  }
}

function* indexed(items: readonly PickleValue[]): Iterable<Child> {
  for (let i = 0; i < items.length; i++) yield { key: String(i), value: items[i]! };
}

function scalarsOf(items: readonly PickleValue[]): string | null {
  if (items.length === 0 || items.length > MAX_SCALARS) return null;
  const isScalar = (item: PickleValue) =>
    item === null ||
    ['number', 'boolean'].includes(typeof item) ||
    (typeof item === 'string' && item.length <= MAX_SCALAR_CHARACTERS);
  return items.every(isScalar) ? JSON.stringify(items) : null;
}

/** `__dict__`, also from (`__dict__`, slots). */
function attributesOf(state: PickleValue): PickleDict | null {
  const first = state instanceof PickleSequence ? (state.items[0] ?? null) : state;
  const plain = plainValue(first);
  return plain instanceof PickleDict ? plain : null;
}

/**
 * Parts of a torch.nn.Module as its state_dict() would name them: parameters, buffers that are kept, modules; null for other
 * objects.
 */
function moduleParts(attributes: PickleDict | null): (() => Iterable<Child>) | null {
  const part = (name: string): PickleDict | null => {
    const plain = plainValue(attributes?.entries.get(name) ?? null);
    return plain instanceof PickleDict ? plain : null;
  };
  const [parameters, buffers, modules] = [part('_parameters'), part('_buffers'), part('_modules')];
  if (!parameters || !modules) return null;
  const passing = plainValue(attributes?.entries.get('_non_persistent_buffers_set') ?? null);
  const left = setOf(passing instanceof PickleSequence ? passing.items : NO_ITEMS);
  return function* () {
    yield* entriesOf(parameters.entries);
    for (const [key, value] of buffers?.entries ?? []) {
      if (typeof key === 'string' && !left.has(key)) yield { key, value };
    }
    yield* entriesOf(modules.entries);
  };
}

/** Sets by the list that they are of: a file may have a million modules share one. */
const sets = new WeakMap<readonly PickleValue[], ReadonlySet<PickleValue>>();

function setOf(items: readonly PickleValue[]): ReadonlySet<PickleValue> {
  let set = sets.get(items);
  if (!set) {
    set = new Set(items);
    sets.set(items, set);
  }
  return set;
}

/** Everything that an object of an unknown class was to be given. */
function* opaqueParts(object: PickleObject): Iterable<Child> {
  yield { key: '', value: object.args };
  yield { key: '', value: object.state };
  if (object.items) yield* indexed(object.items);
  if (object.entries) yield* entriesOf(object.entries);
}

function classOf({ callee, args }: PickleObject): string {
  if (callee === null) return 'a class without a name';
  // copyreg._reconstructor(class, base, state)
  if (/^copy_?reg\._reconstructor$/.test(callee.path) && args instanceof PickleSequence) {
    const [made] = args.items;
    return made instanceof PickleGlobal ? made.path : 'a class without a name';
  }
  return callee.path;
}
