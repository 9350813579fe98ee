import { beforeAll, expect, it } from '@jest/globals';
import { hasSharedMemory } from './spec-kit/has-shared-memory.js';
import { describeLaunchers } from './spec-kit/mpi-launchers.js';
import type { CollectivesResult } from './spec-kit/rank-collectives.js';
import { float32From, float64From } from './spec-kit/rank-script.js';
import { runRanks } from './spec-kit/run-ranks.js';
import { roughValuesOfRank, sumsOfRanks, valuesOfRank } from './spec-kit/values-of-rank.js';

const SIZE = 3;
const LENGTHS = [0, 1, 5, 1_000_003];

/** Rounding to 8 significant bits, ties to even, by arithmetic. */
function toBfloat16(x: number): number {
  if (x === 0) return x;
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
  const [down, rest] = [Math.floor(x / ulp), x / ulp - Math.floor(x / ulp)];
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  return (up ? down + 1 : down) * ulp;
}

/** Index of the first element that differs by more than allowed; -1 where none does. */
const firstApart = (a: ArrayLike<number>, b: ArrayLike<number>, allowed = (_: number) => 0) =>
  Array.prototype.findIndex.call(a, (x: number, i) => !(Math.abs(x - b[i]!) <= allowed(i)));

const itShares = hasSharedMemory() ? it : it.skip;

describeLaunchers('MpiGroup', (launcher) => {
  let ranks: readonly CollectivesResult[];

  beforeAll(async () => {
    const run = await runRanks<CollectivesResult>(
      launcher,
      SIZE,
      'rank-collectives',
      LENGTHS.map(String),
    );
    expect(run).toMatchObject({ code: 0, stderr: '' });
    ranks = run.results as readonly CollectivesResult[];
  }, 60_000);

  it('knows its rank, the others and their machines', () => {
    for (const [i, { rank, size, hosts, threadLevel, library }] of ranks.entries()) {
      expect({ rank, size, threadLevel }).toEqual({ rank: i, size: SIZE, threadLevel: 'multiple' });
      expect(hosts).toHaveLength(SIZE);
      for (const host of hosts) expect(host).toMatch(/^[\w.-]+$/);
      expect(library).toMatch(
        { openmpi: /^Open MPI \d/, mpich: /^MPICH \d/, intel: /^Intel/ }[launcher.family],
      );
    }
  });

  it.each(LENGTHS.map((length, i) => [length, i]))('sums %i elements', (length, i) => {
    const expected = sumsOfRanks(length, SIZE);
    for (const rank of ranks) {
      const { sums32, sums64 } = rank.lengths[i]!;
      const [narrow, wide] = [float32From(sums32), float64From(sums64)];
      expect([narrow.length, wide.length]).toEqual([length, length]);
      expect([firstApart(narrow, expected), firstApart(wide, expected)]).toEqual([-1, -1]);
    }
  });

  it.each(LENGTHS.map((length, i) => [length, i]))('sums %i elements in bfloat16', (length, i) => {
    const [first, ...others] = ranks.map((rank) => rank.lengths[i]!.compressed);
    for (const other of others) expect(other === first).toBe(true);

    const values = Array.from({ length: SIZE }, (_, rank) => roughValuesOfRank(length, rank));
    const total = (i: number, f: (x: number) => number) =>
      values.reduce((sum, one) => sum + f(one[i]!), 0);
    const sums = float32From(first!);
    expect(sums).toHaveLength(length);
    const exact = Float64Array.from({ length }, (_, i) => total(i, (x) => x));
    // Each number is within 1/256 of itself, and so is the sum of the rounded ones.
    const bound = (i: number) => (2 + 1 / 256) * (total(i, Math.abs) / 256);
    expect(firstApart(sums, exact, bound)).toBe(-1);

    const rounded = Float64Array.from({ length }, (_, i) =>
      toBfloat16(values.reduce((sum, one) => Math.fround(sum + toBfloat16(one[i]!)), 0)),
    );
    expect(firstApart(sums, rounded)).toBe(-1);
  });

  it.each(LENGTHS.map((length, i) => [length, i]))('broadcasts %i elements', (length, i) => {
    const expected = valuesOfRank(new Float64Array(length), SIZE - 1);
    for (const rank of ranks) {
      const received = float64From(rank.lengths[i]!.broadcast);
      expect(received).toHaveLength(length);
      expect(firstApart(received, expected)).toBe(-1);
    }
  });

  it('sums memory shared between threads, and a part of an array', () => {
    const expected = sumsOfRanks(100, SIZE);
    for (const { rank, shared, inside } of ranks) {
      const own = valuesOfRank(new Float32Array(100), rank);
      own.set(expected.subarray(10, 20), 10);
      expect(float32From(shared)).toEqual(Float32Array.from(expected));
      expect(float32From(inside)).toEqual(own);
    }
  });

  itShares('sums in memory that all ranks reach', () => {
    for (const { rank, region } of ranks) {
      const whole = float32From(region!.whole);
      expect(firstApart(whole, sumsOfRanks(whole.length, SIZE))).toBe(-1);
      const middle = valuesOfRank(new Float32Array(whole.length), rank);
      middle.set(sumsOfRanks(200_000, SIZE).subarray(100), 100);
      expect(firstApart(float32From(region!.middle), middle)).toBe(-1);
    }
  });

  itShares('takes memory again when every rank has released it', () => {
    for (const { region } of ranks)
      expect(region).toMatchObject({ isOther: true, isAgain: true, isKept: true });
  });

  it('gathers arrays of different lengths on the root', () => {
    expect(ranks.map(({ gathered }) => gathered)).toEqual([[], [[], [10], [20, 21]], []]);
  });

  it('sums on the calling thread', () => {
    for (const { blocking } of ranks) expect(blocking).toEqual([0 + 1 + 2, SIZE]);
  });

  it('says how long it waited', () => {
    for (const { waitedMs } of ranks) expect(waitedMs).toBeGreaterThan(0);
  });

  it('opens again after it was closed', () => {
    for (const { afterClose, reopened } of ranks)
      expect({ afterClose, reopened }).toEqual({ afterClose: 'RF-DEVICE-CLOSED', reopened: [3] });
  });
});
