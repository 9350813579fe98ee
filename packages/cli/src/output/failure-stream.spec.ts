import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, expect, it } from '@jest/globals';
import { FailureStream } from './failure-stream.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-failure-'));
afterAll(() => rmSync(folder, { recursive: true }));

function said(job: string | null, ranks: readonly number[]): string {
  let text = '';
  const target = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  for (const rank of ranks)
    new FailureStream({ rank, size: 3, localRank: rank, job }, target, folder).write('RF-X: no\n');
  return text;
}

const of = (rank: number) => `Rank ${rank} of 3 on ${hostname()}: RF-X: no\n`;

it('lets the first rank of a job say why it failed', () => {
  expect(said('17', [2, 0, 1])).toBe(of(2));
  expect(said('18', [1])).toBe(of(1));
});

it('lets all say it where nothing tells jobs apart', () => {
  expect(said(null, [0, 1])).toBe(of(0) + of(1));
});

it('takes no notice of a job of the same name long ago', () => {
  expect(said('19', [0])).toBe(of(0));
  const mark = readdirSync(folder).find((name) => name.endsWith('-19'))!;
  utimesSync(path.join(folder, mark), 1, 1);
  expect(said('19', [1, 2])).toBe(of(1));
});
