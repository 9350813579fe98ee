import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { ofThisRank, withRankLog } from './rank-options.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-ranks-'));
afterAll(() => rmSync(folder, { recursive: true }));
const before = { ...process.env };
beforeEach(() => void (process.env = { ...before }));
afterEach(() => void (process.env = before));

function beRank(rank: number, size = 4): void {
  process.env['OMPI_COMM_WORLD_RANK'] = String(rank);
  process.env['OMPI_COMM_WORLD_SIZE'] = String(size);
}

it('lets a process by itself and rank 0 speak', () => {
  expect(ofThisRank({ events: 'e' })).toEqual({ events: 'e' });
  beRank(0);
  expect(ofThisRank({ events: 'e' })).toEqual({ events: 'e' });
});

it('silences the others, and gives them files of their own', () => {
  beRank(3);
  expect(ofThisRank({ events: 'e', predictions: 'p' })).toEqual({
    ...{ events: 'e.rank-3', predictions: 'p.rank-3', quiet: true },
  });
  expect(ofThisRank({})).toEqual({ quiet: true });
});

it('keeps a log of each rank in the output folder', () => {
  expect(withRankLog({}, folder)).toEqual({});
  beRank(2);
  expect(withRankLog({}, folder)).toEqual({ events: path.join(folder, 'ranks', 'rank-2.jsonl') });
  expect(existsSync(path.join(folder, 'ranks'))).toBe(true);
  expect(withRankLog({ events: 'mine' }, folder)).toEqual({ events: 'mine' });
});
