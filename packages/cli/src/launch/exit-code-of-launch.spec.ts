import { describe, expect, it } from '@jest/globals';
import { exitCodeOfLaunch, type LaunchEnd } from './exit-code-of-launch.js';
import { byExitCode, bySignal } from './launcher-lines.js';
import { endNotice, RankNotices, startNotice } from './rank-notices.js';

interface Case extends Partial<Omit<LaunchEnd, 'notices'>> {
  /** Exit codes that ranks 0 and 1 said; null: it said none. */
  readonly said: readonly (number | null)[];
}

function exitCode({ said, ...known }: Case): number | null {
  const notices = new RankNotices();
  said.forEach((_code, rank) => notices.take(startNotice(rank).trimEnd()));
  said.forEach((code, rank) => {
    if (code !== null) notices.take(endNotice(rank, code).trimEnd());
  });
  const end = { ranks: 2, asked: 0, code: 0, hasReason: false, told: undefined };
  return exitCodeOfLaunch({ ...end, ...known, notices });
}

const place = { rank: 1, process: 7, host: 'vm' };
const failed = { ...place, ...byExitCode(3) };
const stopped = { ...place, ...byExitCode(130) };
const killed = { ...place, ...bySignal(9, 'Killed') };

describe('the exit code of a launch', () => {
  it.each<[string, Case, number | null]>([
    ['is 0 where all ends well', { said: [0, 0] }, 0],
    ["even if a rank's last word was lost", { said: [0, null] }, 0],
    ['is 130 where ranks were interrupted', { asked: 1, code: 130, said: [130, 130] }, 130],
    ['also where the launcher says 0', { asked: 1, said: [130, 130] }, 130],
    ['also where it alone says so', { asked: 1, code: 1, told: stopped, said: [130, null] }, 130],
    ['also where it was asked by another', { code: 130, said: [130, 130] }, 130],
    ['is 0 where all were done before', { asked: 1, said: [0, 0] }, 0],
    ['is 130 where it was asked twice', { asked: 2, code: 143, said: [0, null] }, 130],
    ['is that of a rank that fails', { code: 3, hasReason: true, told: failed, said: [] }, 3],
    ['of the rank, not the mixture', { code: 139, hasReason: true, said: [null, 3] }, 3],
    ['also after an interruption', { asked: 1, hasReason: true, said: [130, 3] }, 3],
    ['where others were ended', { asked: 1, hasReason: true, said: [null, 3] }, 3],
    ['whether or not it was asked twice', { asked: 2, hasReason: true, said: [null, 3] }, 3],
    ['is never 0 behind a reason', { asked: 1, hasReason: true, said: [] }, 1],
    ['is open where no rank failed', { code: 255, said: [] }, null],
  ])('%s', (_what, known, expected) => {
    expect(exitCode(known)).toBe(expected);
  });

  const deaths: [string, Case, RegExp][] = [
    ['as the launcher says', { code: 9, told: killed, said: [] }, /Rank 1 on vm was ended by sig/],
    [
      'after an interruption too',
      { asked: 1, told: killed, said: [130, null] },
      /ended by signal 9/,
    ],
    [
      'or one before it',
      { code: 9, told: { ...killed, mayBeAnother: true }, said: [] },
      /^Rank 1 on vm, or another before it, was/,
    ],
    ['as its silence says', { asked: 1, said: [130, null] }, /^Rank 1 on \S+ ended without a word/],
    ['if it was one alone', { asked: 1, said: [null, null] }, /^A rank ended without a word/],
  ];
  it.each(deaths)('names a rank that died, %s', (_what, known, message) => {
    const parts = { message: expect.stringMatching(message) };
    expect(() => exitCode(known)).toThrow(
      expect.objectContaining({
        code: 'RF-LAUNCH-RANK-DIED',
        parts: expect.objectContaining(parts),
      }),
    );
  });
});
