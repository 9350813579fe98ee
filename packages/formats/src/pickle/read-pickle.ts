import { malformed, overLimit, unsafePickle } from '../errors.js';
import { narrow, PickleInput } from './pickle-input.js';
import {
  PersistentReference,
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleSequence,
  type PickleValue,
} from './pickle-value.js';
import { OP } from './pickle-opcodes.js';
import { pythonFloat, quotedText, rawUnicode } from './python-text.js';
import { isUnsafeGlobal } from './unsafe-globals.js';

/** A checkpoint of ten thousand parameters with their optimizer takes half a million. */
const MAX_OPCODES = 8_000_000;
const MAX_CONTAINERS = 2_000_000;
/** No integer in a checkpoint is longer; converting long ones takes time with their square. */
const MAX_LONG_BYTES = 64;
/** Shared text may be long and used a million times as a name. */
const MAX_NAME_CHARACTERS = 256;

/** What a pickle describes, and where it ends. */
export interface ReadPickle {
  readonly value: PickleValue;
  /** Index behind its STOP. */
  readonly end: number;
  /** Everything that it keeps elsewhere, in order. */
  readonly references: readonly PersistentReference[];
}

/**
 * Reads a pickle of protocol 0 to 5 (CPython's Lib/pickletools.py; PEP 307, 3154, 574) into data. Nothing is called, imported
 * or looked up: names stay names, calls become {@link PickleObject}s. Time and memory are bounded by the bytes given and by
 * fixed budgets; nothing recurs.
 *
 * @param start index of the pickle in `bytes`
 * @param path for messages
 * @param format for messages (`a PyTorch file`)
 * @param origin position of `bytes` in the file, for messages
 * @throws {@link PickleEnds} where the bytes end before the pickle does
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-LIMIT`, `RF-FILE-PICKLE-UNSAFE`
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  path: string,
  format: string,
  origin = 0,
): ReadPickle {
  const input = new PickleInput(bytes, start);
  const machine = new PickleMachine(input, path, format, origin);
  return { value: machine.run(), end: input.at, references: machine.references };
}

class PickleMachine {
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack at each MARK. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly references: PersistentReference[] = [];
  #containers = 0;

  constructor(
    readonly input: PickleInput,
    readonly path: string,
    readonly format: string,
    readonly origin: number,
  ) {}

  run(): PickleValue {
    for (let opcodes = 0; opcodes < MAX_OPCODES; opcodes++) {
      const op = this.input.uint8();
      if (op === OP.STOP) return this.#pop();
      this.#step(op);
    }
    throw this.#tooMuch('opcodes', MAX_OPCODES);
  }

  #step(op: number): void {
    const { input } = this;
    switch (op) {
      case OP.MARK:
        this.#marks.push(this.#stack.length);
        return;
      case OP.POP:
        if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
        else this.#pop();
        return;
      case OP.POP_MARK:
        this.#popMark();
        return;
      case OP.DUP:
        return this.#push(this.#top());
      case OP.NONE:
        return this.#push(null);
      case OP.NEWTRUE:
        return this.#push(true);
      case OP.NEWFALSE:
        return this.#push(false);
      case OP.BININT:
        return this.#push(input.int32());
      case OP.BININT1:
        return this.#push(input.uint8());
      case OP.BININT2:
        return this.#push(input.uint16());
      case OP.LONG1:
        return this.#push(input.long(input.uint8()));
      case OP.LONG4:
        return this.#push(input.long(this.#longBytes(input.uint32())));
      case OP.BINFLOAT:
        return this.#push(input.float64());
      case OP.INT:
      case OP.LONG:
        return this.#push(this.#integerLine());
      case OP.FLOAT:
        return this.#push(pythonFloat(this.#line()));
      case OP.STRING:
        return this.#push(quotedText(this.#line('latin1')));
      case OP.UNICODE:
        return this.#push(rawUnicode(this.#line('latin1')));
      case OP.BINUNICODE:
      case OP.BINSTRING:
        return this.#push(input.text(input.uint32()));
      case OP.SHORT_BINUNICODE:
      case OP.SHORT_BINSTRING:
        return this.#push(input.text(input.uint8()));
      case OP.BINUNICODE8:
        return this.#push(input.text(input.uint64()));
      case OP.BINBYTES:
        return this.#push(input.take(input.uint32()));
      case OP.SHORT_BINBYTES:
        return this.#push(input.take(input.uint8()));
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return this.#push(input.take(input.uint64()));
      case OP.EMPTY_LIST:
        return this.#push(this.#sequence('list', []));
      case OP.EMPTY_TUPLE:
        return this.#push(this.#sequence('tuple', []));
      case OP.EMPTY_SET:
        return this.#push(this.#sequence('set', []));
      case OP.EMPTY_DICT:
        return this.#push(this.#counted(new PickleDict()));
      case OP.LIST:
        return this.#push(this.#sequence('list', this.#popMark()));
      case OP.TUPLE:
        return this.#push(this.#sequence('tuple', this.#popMark()));
      case OP.FROZENSET:
        return this.#push(this.#sequence('set', this.#popMark()));
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        return this.#push(this.#sequence('tuple', this.#popSome(op - OP.TUPLE1 + 1)));
      case OP.DICT: {
        const items = this.#popMark();
        const dict = this.#counted(new PickleDict());
        this.#setItems(dict, items);
        return this.#push(dict);
      }
      case OP.APPEND: {
        const item = this.#pop();
        return this.#append([item]);
      }
      case OP.APPENDS:
      case OP.ADDITEMS:
        return this.#append(this.#popMark());
      case OP.SETITEM: {
        const items = this.#popSome(2);
        return this.#setItems(this.#top(), items);
      }
      case OP.SETITEMS: {
        const items = this.#popMark();
        return this.#setItems(this.#top(), items);
      }
      case OP.GLOBAL: {
        const module = this.#line();
        return this.#push(this.#global(module, this.#line()));
      }
      case OP.STACK_GLOBAL: {
        const [module, name] = this.#popSome(2);
        if (typeof module !== 'string' || typeof name !== 'string') {
          return this.#fail('A name is no text.', 'two strings', 'something else');
        }
        return this.#push(this.#global(module, name));
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const [callee, args] = this.#popSome(2);
        return this.#push(this.#call(callee!, args!));
      }
      case OP.NEWOBJ_EX: {
        const [callee, args, named] = this.#popSome(3);
        const made = this.#call(callee!, args!);
        made.state = named!;
        return this.#push(made);
      }
      case OP.OBJ: {
        const [callee = null, ...args] = this.#popMark();
        return this.#push(this.#call(callee, this.#sequence('tuple', args)));
      }
      case OP.INST: {
        const module = this.#line();
        const callee = this.#global(module, this.#line());
        return this.#push(this.#call(callee, this.#sequence('tuple', this.#popMark())));
      }
      case OP.BUILD: {
        const state = this.#pop();
        const target = this.#top();
        if (target instanceof PickleObject) target.state = state;
        return;
      }
      case OP.PERSID:
        return this.#refer(this.#line());
      case OP.BINPERSID:
        return this.#refer(this.#pop());
      case OP.GET:
        return this.#get(Number(this.#line()));
      case OP.BINGET:
        return this.#get(input.uint8());
      case OP.LONG_BINGET:
        return this.#get(input.uint32());
      case OP.PUT:
        return this.#put(Number(this.#line()));
      case OP.BINPUT:
        return this.#put(input.uint8());
      case OP.LONG_BINPUT:
        return this.#put(input.uint32());
      case OP.MEMOIZE:
        return this.#put(this.#memo.size);
      case OP.FRAME:
        input.take(8);
        return;
      case OP.PROTO: {
        const protocol = input.uint8();
        if (protocol > 5) this.#fail('The protocol is unknown.', '0 to 5', String(protocol));
        return;
      }
      default:
        this.#fail('An opcode is unknown here.', 'one of protocol 0 to 5', `0x${op.toString(16)}`);
    }
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #pop(): PickleValue {
    if (this.#stack.length <= this.#floor()) this.#fail('The stack is empty.', 'a value', 'none');
    return this.#stack.pop()!;
  }

  #top(): PickleValue {
    if (this.#stack.length <= this.#floor()) this.#fail('The stack is empty.', 'a value', 'none');
    return this.#stack.at(-1)!;
  }

  #popSome(count: number): PickleValue[] {
    if (this.#stack.length - count < this.#floor()) {
      this.#fail('The stack is too short.', `${count} values`, 'fewer');
    }
    return this.#stack.splice(-count);
  }

  #popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) return this.#fail('A mark is missing.', 'a MARK before', 'none');
    return this.#stack.splice(mark);
  }

  #append(items: readonly PickleValue[]): void {
    const target = this.#top();
    let list: PickleValue[];
    if (target instanceof PickleSequence) list = target.items;
    else if (target instanceof PickleObject) list = target.items ??= [];
    else return this.#fail('Something that is no list is appended to.', 'a list', 'another value');
    for (const item of items) list.push(item);
  }

  #setItems(target: PickleValue, items: readonly PickleValue[]): void {
    let entries: Map<PickleValue, PickleValue>;
    if (target instanceof PickleDict) entries = target.entries;
    else if (target instanceof PickleObject)
      entries = target.entries ??= new Map<PickleValue, PickleValue>();
    else return this.#fail('Something that is no dict gets entries.', 'a dict', 'another value');
    if (items.length % 2 !== 0) this.#fail('A key has no value.', 'pairs', 'an odd number');
    for (let i = 0; i < items.length; i += 2) entries.set(items[i]!, items[i + 1]!);
  }

  #call(callee: PickleValue, args: PickleValue): PickleObject {
    const name = callee instanceof PickleGlobal ? callee : null;
    return this.#counted(new PickleObject(name, args));
  }

  #refer(id: PickleValue): void {
    const reference = this.#counted(new PersistentReference(id));
    this.references.push(reference);
    this.#push(reference);
  }

  #global(module: string, name: string): PickleGlobal {
    if (module.length + name.length > MAX_NAME_CHARACTERS) {
      this.#fail('A name is too long.', `at most ${MAX_NAME_CHARACTERS} characters`, 'more');
    }
    if (isUnsafeGlobal(module, name)) {
      throw unsafePickle(this.path, this.origin + this.input.at, `${module}.${name}`);
    }
    return this.#counted(new PickleGlobal(module, name));
  }

  #sequence(kind: PickleSequence['kind'], items: PickleValue[]): PickleSequence {
    return this.#counted(new PickleSequence(kind, items));
  }

  #counted<T>(made: T): T {
    if (++this.#containers > MAX_CONTAINERS) throw this.#tooMuch('objects', MAX_CONTAINERS);
    return made;
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.#fail('A memo is empty.', 'a value', `none at ${index}`);
    this.#push(value);
  }

  #put(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #longBytes(length: number): number {
    if (length > MAX_LONG_BYTES) {
      this.#fail('An integer is too long.', `at most ${MAX_LONG_BYTES} bytes`, String(length));
    }
    return length;
  }

  #integerLine(): number | bigint | boolean {
    const line = this.#line().replace(/L$/, '');
    if (line === '00') return false;
    if (line === '01') return true;
    if (line.length > 2 * MAX_LONG_BYTES || !/^[+-]?\d+$/.test(line)) {
      return this.#fail('An integer is malformed.', 'digits', JSON.stringify(line.slice(0, 40)));
    }
    return narrow(BigInt(line.replace('+', '')));
  }

  #line(encoding?: 'latin1'): string {
    return (
      this.input.line(encoding) ?? this.#fail('A line is too long.', 'a short line', 'no line feed')
    );
  }

  #tooMuch(what: string, limit: number): Error {
    const received = 'more';
    return overLimit(this.path, `The pickle has too many ${what}.`, String(limit), received);
  }

  #fail(message: string, expected: string, received: string): never {
    const at = this.origin + this.input.at;
    const text = `The pickle is damaged. ${message}`;
    throw malformed(this.path, at, this.format, text, expected, received);
  }
}
