import { overLimit } from '../errors.js';
import { PickleObject, type PickleValue } from '../pickle/pickle-value.js';
import { childrenOf, type Child, type Inside } from './children-of.js';
import type { PickledTensor } from './pickled-tensor.js';
import { plainValue } from './plain-value.js';
import { rebuildTensor } from './rebuild-tensor.js';

/** What a pickled checkpoint holds. */
export interface Collected {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

const MAX_VISITS = 1_000_000;
const MAX_DEPTH = 200;
const MAX_PATH_CHARACTERS = 4096;
/** Of all names and metadata together. */
const MAX_CHARACTERS = 1 << 26;
const MAX_METADATA_CHARACTERS = 4096;
const MAX_NOTES = 20;

/**
 * Walks through a pickled object, without recursion, and gathers tensors and scalars under their paths: keys, indices and
 * attributes joined by dots. Shared parts are met under each of their paths; a part that contains itself ends there.
 *
 * @param path of the file, for messages
 * @param malformed throws; its argument says what is wrong
 * @throws RefoldError `RF-FILE-LIMIT` for objects that unfold to more than any checkpoint holds
 */
export function collectTensors(
  path: string,
  root: PickleValue,
  malformed: (what: string) => never,
): Collected {
  return new Walk(path, malformed).run(root);
}

interface Frame {
  readonly value: object;
  readonly name: string;
  /** Inside an object of an unknown class: its numbers mean nothing to us. */
  readonly isOpaque: boolean;
  readonly children: Iterator<Child>;
}

type Scalar = string | number | bigint | boolean;

type Known =
  | { readonly kind: 'tensor'; readonly tensor: PickledTensor }
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'inside'; readonly inside: Inside };

class Walk {
  readonly #tensors = new Map<string, PickledTensor>();
  /** The number that tells the next tensor of this name apart. */
  readonly #nextOf = new Map<string, number>();
  readonly #metadata = new Map<string, string>();
  readonly #opaque = new Map<string, { readonly first: string; count: number }>();
  readonly #notes: string[] = [];
  /** What was found out about parts: shared ones are met a million times in files that are made for it. */
  readonly #known = new Map<object, Known>();
  readonly #open = new Set<object>();
  readonly #frames: Frame[] = [];
  #visits = 0;
  #characters = 0;

  constructor(
    readonly path: string,
    readonly malformed: (what: string) => never,
  ) {}

  run(root: PickleValue): Collected {
    this.#visit(root, '', false);
    for (;;) {
      const frame = this.#frames.at(-1);
      if (!frame) break;
      const next = frame.children.next();
      if (next.done) {
        this.#frames.pop();
        this.#open.delete(frame.value);
      } else {
        const { key, value } = next.value;
        this.#visit(value, joined(frame.name, key), frame.isOpaque);
      }
    }
    for (const [cls, { first, count }] of [...this.#opaque].slice(0, MAX_NOTES)) {
      const others = count > 1 ? ` and ${count - 1} more` : '';
      const where = first === '' ? 'The saved object' : `'${first}'`;
      this.#note(`${where}${others}: an object of ${cls}, which was not built.`);
    }
    const { length } = this.#notes;
    const notes = this.#notes.slice(0, MAX_NOTES);
    if (length > MAX_NOTES) notes.push(`${length - MAX_NOTES} more notes.`);
    return { tensors: this.#tensors, metadata: Object.fromEntries(this.#metadata), notes };
  }

  #visit(given: PickleValue, name: string, isOpaque: boolean): void {
    if (++this.#visits > MAX_VISITS) throw this.#tooMuch('parts', MAX_VISITS);
    if (name.length > MAX_PATH_CHARACTERS) {
      throw this.#tooMuch('characters in a name', MAX_PATH_CHARACTERS);
    }
    if (given === null || given instanceof Uint8Array) return;
    if (typeof given !== 'object') return this.#addScalar(name, given, isOpaque);
    const known = this.#knownOf(given, name);
    if (known.kind === 'tensor') return this.#addTensor(name, known.tensor);
    if (known.kind === 'scalar') return this.#addScalar(name, known.scalar, isOpaque);
    if (this.#open.has(given)) {
      this.#note(`'${name}' contains itself; what is inside was taken once.`);
      return;
    }
    if (this.#frames.length >= MAX_DEPTH) throw this.#tooMuch('levels', MAX_DEPTH);
    const { opaque, children } = known.inside;
    if (opaque !== null) this.#addOpaque(opaque, name);
    this.#open.add(given);
    this.#frames.push({
      value: given,
      name,
      isOpaque: isOpaque || opaque !== null,
      children: children()[Symbol.iterator](),
    });
  }

  #knownOf(given: PickleValue & object, name: string): Known {
    let known = this.#known.get(given);
    if (!known) {
      known = this.#find(given, name);
      this.#known.set(given, known);
    }
    return known;
  }

  #find(given: PickleValue & object, name: string): Known {
    if (given instanceof PickleObject) {
      const tensor = rebuildTensor(given, (what) => this.malformed(`${what} It is '${name}'.`));
      if (tensor) return { kind: 'tensor', tensor };
    }
    const value = plainValue(given);
    if (value === null || typeof value !== 'object') return { kind: 'scalar', scalar: value ?? '' };
    const inside = childrenOf(value);
    return inside.scalars === null
      ? { kind: 'inside', inside }
      : { kind: 'scalar', scalar: inside.scalars };
  }

  #addTensor(name: string, tensor: PickledTensor): void {
    let free = name === '' ? 'tensor' : name;
    if (this.#tensors.has(free)) {
      let i = this.#nextOf.get(name) ?? 2;
      do free = `${name}#${i++}`;
      while (this.#tensors.has(free));
      this.#nextOf.set(name, i);
    }
    if (name !== '' && free !== name)
      this.#note(`Two tensors are called '${name}'; one is taken as '${free}'.`);
    this.#count(free.length);
    this.#tensors.set(free, tensor);
  }

  #addScalar(name: string, value: Scalar, isOpaque: boolean): void {
    if (isOpaque || name === '') return;
    const text = String(value);
    if (text.length > MAX_METADATA_CHARACTERS) return;
    this.#count(name.length + text.length);
    this.#metadata.set(name, text);
  }

  #addOpaque(cls: string, name: string): void {
    const known = this.#opaque.get(cls);
    if (known) known.count++;
    else {
      this.#count(cls.length + name.length);
      this.#opaque.set(cls, { first: name, count: 1 });
    }
  }

  #note(text: string): void {
    // Counting goes on, texts do not.
    this.#notes.push(this.#notes.length < MAX_NOTES ? text : '');
  }

  #count(characters: number): void {
    this.#characters += characters;
    if (this.#characters > MAX_CHARACTERS) throw this.#tooMuch('characters', MAX_CHARACTERS);
  }

  #tooMuch(what: string, limit: number): Error {
    return overLimit(this.path, `The pickled object has too many ${what}.`, String(limit), 'more');
  }
}

function joined(name: string, key: string): string {
  if (key === '') return name;
  return name === '' ? key : `${name}.${key}`;
}
