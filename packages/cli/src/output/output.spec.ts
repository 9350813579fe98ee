import { describe, expect, it } from '@jest/globals';
import { InternalError, RefoldError } from '@refold/graph';
import { exitCodeOf } from '../exit-code.js';
import { softmax } from '../softmax.js';
import { textSink } from '../spec-kit/run-main.js';
import { imageCounter } from './image-counter.js';
import { printTable } from './print-table.js';
import { renderError } from './render-error.js';

describe('an error', () => {
  it.each([
    ['of the input', new RefoldError('RF-X', { message: 'no' }), 1],
    ['of usage', new RefoldError('RF-X', { message: 'no', exitCode: 2 }), 2],
    ['of a gate', new RefoldError('RF-X', { message: 'no', exitCode: 3 }), 3],
  ])('%s is its code and message', (_what, error, exit) => {
    expect([exitCodeOf(error), renderError(error)]).toEqual([exit, 'RF-X: no\n']);
  });

  it.each([
    ['ours', new InternalError('Odd.')],
    ['a plugin’s', new TypeError('Odd.')],
    ['no error', 'Odd.'],
  ])('%s: 4, with all that a report needs', (_whose, error) => {
    expect(exitCodeOf(error)).toBe(4);
    const text = renderError(error);
    expect(text).toMatch(/Odd\.[\s\S]*a bug[\s\S]*report it with the command line/);
    expect(text).toMatch(/Refold \d+\.\d+\.\d+, Node v\d+/);
    if (error instanceof Error) expect(text).toMatch(/^ +at /m);
  });
});

describe('imageCounter', () => {
  const counted = (isTTY: boolean, quiet: boolean): string => {
    const sink = Object.assign(textSink(), { isTTY });
    const counter = imageCounter(sink, 30, quiet);
    for (const done of [2, 4, 5, 15, 30]) counter.at(done);
    counter.end();
    return sink.text;
  };

  it('writes a line for a tenth of the images at most', () => {
    expect(counted(false, false)).toBe('4 / 30 images\n15 / 30 images\n30 / 30 images\n');
  });
  it('writes one line on a terminal, and takes it away', () => {
    expect(counted(true, false)).toMatch(
      /^\r\u001b\[2K2 \/ 30 images\r[\s\S]*30 images\r\u001b\[2K$/,
    );
  });
  it('is quiet when asked', () => expect(counted(true, true)).toBe(''));
});

describe('printTable', () => {
  it('aligns columns, numbers to the right', () => {
    const rows = [
      ['name', 'count'],
      ['a', '1,000'],
      ['long', '2'],
    ];
    expect(printTable(rows)).toBe('name  count\na     1,000\nlong      2\n');
  });
});

describe('softmax', () => {
  it('neither overflows nor loses what is small', () => {
    expect(softmax(new Float32Array([1000, 1000]))).toEqual([0.5, 0.5]);
    expect(softmax(new Float32Array([0, Math.log(3)]))[1]).toBeCloseTo(0.75, 7);
  });
});
