/** What a pickle describes, as data. Lists, tuples, dicts and objects may be shared and may contain themselves. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleGlobal
  | PickleSequence
  | PickleDict
  | PickleObject
  | PersistentReference;

/** A name of a module. It is never looked up anywhere. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  /** `module.name` */
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A list, tuple, set or frozenset. */
export class PickleSequence {
  constructor(
    readonly kind: 'list' | 'tuple' | 'set',
    readonly items: PickleValue[],
  ) {}
}

/** A dict in order of insertion. Keys that are tuples or objects are told apart by identity. */
export class PickleDict {
  #entries: Map<PickleValue, PickleValue> | null = null;

  /** Made on first use: a damaged file may hold a million dicts that nobody looks into. */
  get entries(): Map<PickleValue, PickleValue> {
    this.#entries ??= new Map();
    return this.#entries;
  }
}

/** A call that was not made: what the pickle wants called, with what, and what it wants done to the result. */
export class PickleObject {
  /** Appended to it. */
  items: PickleValue[] | null = null;
  /** Set in it by key. */
  entries: Map<PickleValue, PickleValue> | null = null;
  /** Given to `__setstate__` or put into `__dict__`. */
  state: PickleValue = null;

  constructor(
    /** Null where the pickle calls something that is no name. */
    readonly callee: PickleGlobal | null,
    readonly args: PickleValue,
  ) {}
}

/** Something kept outside of the pickle, by whatever identifies it there. */
export class PersistentReference {
  constructor(readonly id: PickleValue) {}
}
