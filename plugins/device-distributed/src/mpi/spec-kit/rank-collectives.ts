/**
 * A rank's script: takes part in every collective once, and writes what it got. Its arguments are the lengths to try.
 */
import { MpiGroup } from '../mpi-group.js';
import { scriptArguments, toBase64, writeResult } from './rank-script.js';
import { roughValuesOfRank, valuesOfRank } from './values-of-rank.js';

/** Arrays in base64. */
export interface CollectivesResult {
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly string[];
  readonly library: string;
  readonly threadLevel: string;
  readonly lengths: readonly {
    readonly length: number;
    readonly sums32: string;
    readonly sums64: string;
    readonly compressed: string;
    readonly broadcast: string;
  }[];
  /** Absent where there is no memory to share. */
  readonly region?: {
    /** Of all of a block, and of its middle. */
    readonly whole: string;
    readonly middle: string;
    /** Whether a second one, taken beside it, is another. */
    readonly isOther: boolean;
    /** Whether one that all have released is used again. */
    readonly isAgain: boolean;
    /** Whether it is kept when it is released once more by who had it before. */
    readonly isKept: boolean;
  };
  /** Sums in memory shared between threads, and in the middle of a larger array. */
  readonly shared: string;
  readonly inside: string;
  readonly gathered: readonly (readonly number[])[];
  readonly blocking: readonly number[];
  readonly waitedMs: number;
  readonly reopened: readonly number[];
  readonly afterClose: string;
}

/** More than is summed between two turns of the event loop. */
const SHARED_FLOATS = 900_003;

const group = await MpiGroup.open();
const { rank, size } = group;

const lengths = [];
for (const length of scriptArguments.map(Number)) {
  const sums32 = valuesOfRank(new Float32Array(length), rank);
  const sums64 = valuesOfRank(new Float64Array(length), rank);
  const compressed = roughValuesOfRank(length, rank);
  const received = valuesOfRank(new Float64Array(length), rank);
  // All at once: they must be carried out in this order on every rank.
  await Promise.all([
    group.allReduceSum(sums32),
    group.allReduceSumCompressed(compressed),
    group.allReduceSum(sums64),
    group.broadcast(received, size - 1),
  ]);
  lengths.push({
    length,
    sums32: toBase64(sums32),
    sums64: toBase64(sums64),
    compressed: toBase64(compressed),
    broadcast: toBase64(received),
  });
}

async function region(): Promise<CollectivesResult['region']> {
  const first = await group.share(SHARED_FLOATS);
  const second = await group.share(SHARED_FLOATS);
  if (!first || !second) return undefined;
  valuesOfRank(first.own, rank);
  await first.add(0, SHARED_FLOATS);
  await first.finish();
  const whole = toBase64(first.own);
  valuesOfRank(second.own, rank);
  await second.add(100, 100_000);
  await second.add(100_000, 200_000);
  await second.finish();
  const isOther = second.own.buffer !== first.own.buffer;
  // What one rank still uses no other gets.
  if (rank !== 0) first.release();
  second.release();
  const third = (await group.share(10))!;
  const isAgain = third.own.buffer === second.own.buffer;
  second.release();
  const isKept = (await group.share(10))!.own.buffer !== third.own.buffer;
  return { whole, middle: toBase64(second.own), isOther, isAgain, isKept };
}

const shared = valuesOfRank(new Float32Array(new SharedArrayBuffer(4 * 100)), rank);
await group.allReduceSum(shared);
const whole = valuesOfRank(new Float32Array(100), rank);
await group.allReduceSum(whole.subarray(10, 20));
const gathered = await group.gather(
  Float64Array.from({ length: rank }, (_, i) => 10 * rank + i),
  1,
);
const blocking = Float64Array.of(rank, 1);
group.sumBlocking(blocking);
await group.barrier();
const ownRegion = await region();
const { waitedMs, hosts, library, threadLevel } = group;
await group.close();
await group.close();
const afterClose = await group.barrier().catch((error: { code: string }) => error.code);

const again = await MpiGroup.open();
const reopened = Float64Array.of(rank);
await again.allReduceSum(reopened);
await again.close();

writeResult(rank, {
  ...{ rank, size, hosts, library, threadLevel, lengths, waitedMs },
  shared: toBase64(shared),
  inside: toBase64(whole),
  ...(ownRegion && { region: ownRegion }),
  gathered: gathered.map((values) => [...values]),
  blocking: [...blocking],
  reopened: [...reopened],
  afterClose: String(afterClose),
} satisfies CollectivesResult);
