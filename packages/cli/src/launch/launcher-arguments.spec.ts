import { describe, expect, it } from '@jest/globals';
import type { LaunchOptions } from './launch-options.js';
import { launcherArguments, rankEnvironment } from './launcher-arguments.js';

const options: LaunchOptions = { ranks: 4, bindCore: false, hosts: [] };
const machine = { cores: 8, isRoot: false };
const openMpi = (more: Partial<LaunchOptions>, at = machine) =>
  launcherArguments('openmpi', { ...options, ...more }, at)
    .join(' ')
    .replace(/ -x .*/, '');

describe('arguments of Open MPI', () => {
  it.each([
    [{}, '-n 4 --bind-to none'],
    [{ bindCore: true, threads: 2 }, '-n 4 --map-by slot:PE=2 --bind-to core'],
    [{ hosts: ['a', 'b'] }, '-n 4 --bind-to none --host a:2,b:2'],
    [{ hostfile: 'hosts' }, '-n 4 --bind-to none --hostfile hosts'],
    [{ ranks: 9 }, '-n 9 --oversubscribe --bind-to none'],
    // How many cores other hosts have is theirs to say.
    [{ ranks: 9, hosts: ['a'] }, '-n 9 --bind-to none --host a:9'],
  ])('for %j', (more, expected) => {
    expect(openMpi(more)).toBe(expected);
  });

  it('allows root, which it refuses otherwise', () => {
    expect(openMpi({}, { cores: 8, isRoot: true })).toContain('--allow-run-as-root');
  });
});

it('gives Hydra its own spellings', () => {
  const more = { bindCore: true, hosts: ['a', 'b'] };
  expect(launcherArguments('hydra', { ...options, ...more }, machine).join(' ')).toBe(
    '-n 4 -bind-to core:1 -hosts a,b',
  );
});

it.each([
  [{}, '2'],
  [{ threads: 3 }, '3'],
  [{ ranks: 16 }, '1'],
  [{ hosts: ['a', 'b'] }, '4'],
])('shares the cores for %j', (more, threads) => {
  expect(rankEnvironment({ ...options, ...more }, machine)).toMatchObject({
    ...{ OMP_NUM_THREADS: threads, TF_NUM_INTRAOP_THREADS: threads },
  });
});
