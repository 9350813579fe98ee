/** A rank's script: sums in memory that all ranks share in the way below that its argument names, and writes what it saw. */
import { setTimeout } from 'node:timers/promises';
import type { SharedFloats } from '../../replica-sums.js';
import { findMpi } from '../find-mpi.js';
import { openMpiLibrary } from '../mpi-library.js';
import { MpiGroup } from '../mpi-group.js';
import { scriptArguments, toBase64, writeResult } from './rank-script.js';
import { roughValuesOfRank, valuesOfRank } from './values-of-rank.js';

/** More than is summed between two turns of the event loop. */
const FLOATS = 900_003;
/** The parts in which they are added. */
const EDGES = [0, 5, 300_000, 600_001, FLOATS] as const;

/** More than enough for all ranks to hear of each other. */
const TURNS = 1000;

/** All floats in base64. */
export interface SharingResult {
  /** All added at once. */
  readonly whole: string;
  /** Added part after part. */
  readonly parts: string;
  /** Added at once, as they are before anybody has finished. */
  readonly early: string;
  readonly threadLevel: string;
}

async function open(timeoutMs = 300_000): Promise<{ group: MpiGroup; memory: SharedFloats }> {
  const group = await MpiGroup.open({ timeoutMs });
  return { group, memory: (await group.share(FLOATS))! };
}

async function sums(): Promise<void> {
  const { group, memory } = await open();
  const { rank, size, threadLevel } = group;
  // Their sums differ from one order of addition to another.
  const values = roughValuesOfRank(FLOATS, rank);
  const after = async (add: () => Promise<void>) => {
    memory.own.set(values);
    await add();
    return toBase64(memory.own.subarray(0, FLOATS));
  };
  const whole = await after(async () => {
    await memory.add(0, FLOATS);
    await memory.finish();
  });
  const parts = await after(async () => {
    for (const [i, from] of EDGES.slice(0, -1).entries()) await memory.add(from, EDGES[i + 1]!);
    await memory.finish();
  });
  const early = await after(async () => {
    await memory.add(0, FLOATS);
    const done = new Float64Array(1);
    for (let turn = 0; turn < TURNS && done[0] !== size; turn++) {
      // Adding nothing makes it look for what all have added.
      await memory.add(0, 0);
      done[0] = memory.pending() === 0 ? 1 : 0;
      await group.allReduceSum(done);
    }
  });
  writeResult(rank, { whole, parts, early, threadLevel } satisfies SharingResult);
}

/** As {@link sums}, where MPI allows calls from the main thread only. */
async function funneled(): Promise<void> {
  const found = findMpi();
  if (found.found) openMpiLibrary(found).MPI_Init_thread(null, null, 1, new Int32Array(1));
  await sums();
}

/** The first rank adds nothing, and goes on elsewhere; what the others say stays unanswered. */
async function left(): Promise<void> {
  const { group, memory } = await open();
  const { rank } = group;
  if (rank > 0) await memory.add(0, FLOATS);
  memory.release();
  const next = (await group.share(FLOATS))!;
  const isOther = next.own.buffer !== memory.own.buffer;
  valuesOfRank(next.own, rank);
  await next.add(0, 1);
  await next.finish();
  next.release();
  const isAgain = (await group.share(FLOATS))!.own.buffer === next.own.buffer;
  writeResult(rank, { isOther, isAgain, sum: next.own[0], pending: memory.pending() });
}

/** The last rank adds one part of two, then never comes again. */
async function late(): Promise<void> {
  const { group, memory } = await open(500);
  const { rank, size } = group;
  await memory.add(0, 5);
  writeResult(rank, 'started');
  if (rank === size - 1) await setTimeout(2 ** 31 - 1);
  await memory.add(5, FLOATS);
  await memory.finish();
  writeResult(rank, 'came back');
}

/** The last rank fails between two parts; the others wait for it without a deadline. */
async function throws(): Promise<void> {
  const { group, memory } = await open(0);
  await memory.add(0, 5);
  if (group.rank === group.size - 1) throw new Error('The last rank has had enough.');
  await memory.add(5, FLOATS);
  await memory.finish();
  writeResult(group.rank, 'came back');
}

const ways = { sums, funneled, left, late, throws };

export type Way = keyof typeof ways;

await ways[scriptArguments[0] as Way]();
