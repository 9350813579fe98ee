import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFlagValue } from './read-flag-value.js';
import { readFlags, type OwnFlag } from './read-flags.js';

const own: Readonly<Record<string, OwnFlag>> = {
  config: { type: 'string', short: 'c' },
  json: { type: 'boolean' },
  outFile: { type: 'string' },
};

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('readFlags', () => {
  it("keeps a command's own flags, positionals and everything after -- apart", () => {
    const flags = readFlags(
      [
        'a.jpg',
        '-c',
        'x.yaml',
        '--json',
        'b.jpg',
        '--out_file=o',
        '--epochs',
        '3',
        '--',
        '--seed',
        'c',
      ],
      own,
    );
    expect(flags.own).toEqual({ config: 'x.yaml', json: true, outFile: 'o' });
    expect(flags.positionals).toEqual(['a.jpg', 'b.jpg', '--seed', 'c']);
    expect(flags.tree.value).toEqual({ epochs: 3 });
    expect(flags.tree.origins.get('epochs')).toEqual({ kind: 'flag', flag: '--epochs', text: '3' });
  });

  it('takes the last of several, whole', () => {
    const { tree } = readFlags([
      '--data.scale',
      '{a: 1}',
      '--data.scale=2',
      '--epochs',
      '1',
      '--epochs',
      '2',
    ]);
    expect(tree.value).toEqual({ data: { scale: 2 }, epochs: 2 });
    expect([...tree.origins.keys()].sort()).toEqual(['data.scale', 'epochs']);
  });

  it('reads negative numbers as values, and no image as the value of a switch of MindCV', () => {
    expect(readFlags(['--rate.minimum', '-1e-4']).tree.value).toEqual({ rate: { minimum: -1e-4 } });
    const { mindcv, positionals } = readFlags(['--ema', 'image.jpg', '--distribute', 'False']);
    expect(mindcv.value).toEqual({ ema: true, distribute: false });
    expect(positionals).toEqual(['image.jpg']);
  });

  it.each([
    [['--epoch', '3'], 'RF-USAGE-UNKNOWN-FLAG'],
    [['-z'], 'RF-USAGE-UNKNOWN-FLAG'],
    [['--'.concat('.')], 'RF-USAGE-UNKNOWN-FLAG'],
    [['--data.__proto__.x', '3'], 'RF-USAGE-UNKNOWN-FLAG'],
    [['--config'], 'RF-USAGE-FLAG-VALUE'],
    [['--config', '--json'], 'RF-USAGE-FLAG-VALUE'],
    [['--json=perhaps'], 'RF-USAGE-FLAG-VALUE'],
  ])('refuses %j as %s', (argv, code) => {
    expect(codeOf(() => readFlags(argv, own))).toBe(code);
  });

  it('never fails but by its two codes, whatever is typed, and leaves prototypes alone', () => {
    const token = fc.oneof(
      fc.string(),
      fc.string().map((text) => `--${text}`),
      fc.constantFrom(
        '--epochs',
        '--data.dir',
        '-c',
        '--lr',
        '--json',
        '--',
        '=',
        '--=',
        '--resume',
        '{',
        '[1,',
      ),
      fc.tuple(fc.string(), fc.string()).map(([key, value]) => `--${key}.x=${value}`),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 6 }), (argv) => {
        const code = codeOf(() => readFlags(argv, own));
        expect([undefined, 'RF-USAGE-UNKNOWN-FLAG', 'RF-USAGE-FLAG-VALUE']).toContain(code);
        expect(({} as Record<string, unknown>)['x']).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('gives back any value that was written as JSON, by both ways of giving it', () => {
    const leaf = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: 'grapheme-ascii' }),
    );
    const name = fc
      .stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/)
      .filter((key) => key !== 'constructor');
    fc.assert(
      fc.property(
        name,
        name,
        fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })),
        (section, key, value) => {
          const path = `--${section}.${key}`;
          const text = JSON.stringify(value);
          expect(readFlags([`${path}=${text}`]).tree.value).toEqual({
            [section]: { [key]: value },
          });
          expect(readFlags([path, text]).tree.value).toEqual({ [section]: { [key]: value } });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('readFlagValue', () => {
  it.each([
    ['16', 16],
    ['1e-4', 1e-4],
    ['.5', 0.5],
    ['True', true],
    ['null', null],
    ['[0.25, 1]', [0.25, 1]],
    ['{a: [1]}', { a: [1] }],
    ['"12"', '12'],
    ['', ''],
    ['~', '~'],
    ['C:\\data: x', 'C:\\data: x'],
    ['*.jpg', '*.jpg'],
    ['- a', '- a'],
    ['# a', '# a'],
    ['[1,', '[1,'],
    ['{*a: 1}', '{*a: 1}'],
    ['a\nb: 3', 'a\nb: 3'],
  ])('reads %j as %j', (text, value) => expect(readFlagValue(text)).toEqual(value));
});
