import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fixture } from '../spec-kit/fixtures.js';
import { PickleEnds } from './pickle-input.js';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleSequence,
  type PickleValue,
} from './pickle-value.js';
import { readPickle } from './read-pickle.js';

const read = (bytes: string | Uint8Array) =>
  readPickle(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, 0, 'x', 'a pickle');

/** A value as plain data: sequences as arrays that start with their kind, calls by name. */
function plain(value: PickleValue): unknown {
  if (value instanceof PickleDict) {
    return Object.fromEntries([...value.entries].map(([k, v]) => [plain(k), plain(v)]));
  }
  if (value instanceof PickleSequence) return [value.kind, ...value.items.map(plain)];
  if (value instanceof PickleGlobal) return value.path;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof PickleObject) {
    const entries = Object.fromEntries(
      [...(value.entries ?? [])].map(([k, v]) => [plain(k), plain(v)]),
    );
    return { call: value.callee?.path, args: plain(value.args), entries };
  }
  return value;
}

describe('readPickle', () => {
  const dumps = JSON.parse(readFileSync(fixture('pickles.json'), 'utf8')) as Record<string, string>;

  it.each(Object.keys(dumps))('reads what Python pickles in protocol %s', (protocol) => {
    const bytes = Buffer.from(dumps[protocol]!, 'hex');
    const { value, end } = read(bytes);
    expect(end).toBe(bytes.length);
    const list = [
      ...['list', 1.5, -2, null, true, false, ['tuple', 1], ['tuple', 1, 2], ['tuple', 1, 2, 3]],
      ...[['tuple', 1, 2, 3, 4], ['tuple']],
    ];
    const { c, set, frozen, ...others } = plain(value) as Record<string, unknown>;
    expect(others).toEqual({
      a: 1,
      b: list,
      again: list,
      n: 300,
      m: 70000,
      big: 2n ** 70n,
      t: 'hé€\n',
      d: {},
      long: 'x'.repeat(300),
      inf: -Infinity,
      ordered: { call: 'collections.OrderedDict', args: ['tuple'], entries: { x: 1 } },
    });
    // Protocols without bytes and sets call what makes them.
    const old = Number(protocol) < 3;
    const call = (name: string, ...args: unknown[]) => ({
      call: name,
      args: ['tuple', ...args],
      entries: {},
    });
    expect(c).toEqual(old ? call('_codecs.encode', '\0\xff', 'latin1') : 'bytes 00ff');
    const builtin = (name: string, item: number) => {
      const module = old ? '__builtin__' : 'builtins';
      return Number(protocol) < 4 ? call(`${module}.${name}`, ['list', item]) : ['set', item];
    };
    expect([set, frozen]).toEqual([builtin('set', 7), builtin('frozenset', 8)]);
  });

  it.each([
    ['os.system', "cos\nsystem\n(S'touch pwned'\ntR."],
    ['posix.system', "cposix\nsystem\n(S'touch pwned'\ntR."],
    ['subprocess.Popen', '(csubprocess\nPopen\no.'],
    ['builtins.eval', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93.'],
    ['__builtin__.exec', '(i__builtin__\nexec\n.'],
    ['importlib.import_module', 'cimportlib\nimport_module\n.'],
  ])('refuses %s by name', (name, pickle) => {
    expect(() => read(pickle)).toThrow(
      expect.objectContaining({
        code: 'RF-FILE-PICKLE-UNSAFE',
        message: expect.stringContaining(name),
      }),
    );
  });

  it('calls nothing, whatever it is asked to call', () => {
    const { value } = read('cglobalThis\nprocess.exit\n(I1\ntR.');
    expect(plain(value)).toEqual({
      call: 'globalThis.process.exit',
      args: ['tuple', 1],
      entries: {},
    });
  });

  it('takes lists that contain themselves', () => {
    const { value } = read(']q\0h\0a.');
    const list = value as PickleSequence;
    expect(list.items[0]).toBe(list);
  });

  // Each as Python 3 unpickles it (encoding='utf-8'), but what it refuses as short or impossible is left as it is.
  it.each([
    ['four digits and eight', 'V\\u00e9\\U0001F60012\n.', 'é😀12'],
    ['short and impossible ones', 'V\\u00e\\U0001F60\\U00110000\n.', '\\u00e\\U0001F60\\U00110000'],
    ['a backslash before', 'V\\\\u0041\n.', '\\\\u0041'],
    ['a line feed and a tab', "S'a\\nb\\t'\n.", 'a\nb\t'],
    ['bytes of UTF-8', "S'\\xc3\\xa9\\303\\251'\n.", 'éé'],
    ['quotes and backslashes', `S"it\\'s \\\\n"\n.`, "it's \\n"],
    ['what is no escape', "S'\\q\\A'\n.", '\\q\\A'],
  ])('resolves escapes of protocol 0: %s', (_, pickle, text) => {
    expect(read(pickle).value).toBe(text);
  });

  it.each([
    ['an unknown opcode', '\xff.', 'RF-FILE-MALFORMED'],
    ['an unknown protocol', '\x80\x06N.', 'RF-FILE-MALFORMED'],
    ['an empty stack', '.', 'RF-FILE-MALFORMED'],
    ['a tuple without a mark', 't.', 'RF-FILE-MALFORMED'],
    ['too few for a tuple', 'N\x86.', 'RF-FILE-MALFORMED'],
    ['values under a mark', 'N(\x85.', 'RF-FILE-MALFORMED'],
    ['a memo that is empty', 'h\x01.', 'RF-FILE-MALFORMED'],
    ['items for a number', 'K\x01Na.', 'RF-FILE-MALFORMED'],
    ['entries for a list', '](NNu.', 'RF-FILE-MALFORMED'],
    ['a key without a value', '}(Nu.', 'RF-FILE-MALFORMED'],
    ['a global of numbers', 'K\x01K\x02\x93.', 'RF-FILE-MALFORMED'],
    ['an integer of letters', 'Iabc\n.', 'RF-FILE-MALFORMED'],
    ['an integer of a gigabyte', '\x8b\0\0\0\x40.', 'RF-FILE-MALFORMED'],
    ['an endless line', `V${'x'.repeat(100_000)}`, 'RF-FILE-MALFORMED'],
    ['ten million opcodes', 'N0'.repeat(5_000_000), 'RF-FILE-LIMIT'],
    ['three million lists', ']'.repeat(3_000_000), 'RF-FILE-LIMIT'],
    ['three million marks and tuples', '(t'.repeat(3_000_000), 'RF-FILE-LIMIT'],
  ])('refuses %s', (_, pickle, code) => {
    expect(() => read(pickle)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['', '(', 'X\xff\xff\xff\xff', '\x8d\xff\xff\xff\xff\xff\xff\xff\xff', 'I12', 'G\0'])(
    'asks for more where the bytes end: %j',
    (pickle) => {
      expect(() => read(pickle)).toThrow(PickleEnds);
    },
  );
});
