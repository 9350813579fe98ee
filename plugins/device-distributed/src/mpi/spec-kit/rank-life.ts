/** A rank's script: lives one of the lives below, which its argument names, and writes what it saw. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { MpiGroup, type MpiGroupOptions } from '../mpi-group.js';
import { scriptArguments, sharedDir, writeResult } from './rank-script.js';
import { valuesOfRank } from './values-of-rank.js';

/** What of WebAssembly is used here; its types come with the library of browsers only. */
declare const WebAssembly: {
  instantiate(
    code: Uint8Array,
  ): Promise<{ instance: { exports: { read(address: number): number } } }>;
};

export interface OverlapResult {
  /** Whether the asynchronous sum was still under way when the blocking one had come back. */
  readonly stillRunning: boolean;
  readonly blocking: readonly number[];
  /** Its first and last sum. */
  readonly asynchronous: readonly (number | undefined)[];
}

const open = (options?: MpiGroupOptions) => MpiGroup.open(options);
const forEver = () => setTimeout(2 ** 31 - 1);

/** Rank 0 joins the blocking sum while its asynchronous one waits for the others, who call them the other way round. */
async function overlap(): Promise<void> {
  const group = await open();
  const { rank } = group;
  const values = valuesOfRank(new Float32Array(1_000_003), rank);
  const blocking = Float64Array.of(rank + 1);
  let stillRunning = false;
  if (rank === 0) {
    let running = true;
    const done = group.allReduceSum(values).then(() => (running = false));
    // By then it is with the thread of the pool.
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    group.sumBlocking(blocking);
    stillRunning = running;
    await done;
  } else {
    group.sumBlocking(blocking);
    await group.allReduceSum(values);
  }
  const asynchronous = [values[0], values.at(-1)];
  writeResult(rank, {
    stillRunning,
    blocking: [...blocking],
    asynchronous,
  } satisfies OverlapResult);
}

/** The others come to the barrier only when they see a file that rank 0 writes while it waits in it. */
async function turning(): Promise<void> {
  const group = await open();
  const sign = join(sharedDir, 'sign');
  if (group.rank === 0) {
    const done = group.barrier();
    await setTimeout(1);
    writeFileSync(sign, '');
    await done;
  } else {
    while (!existsSync(sign)) await setTimeout(5);
    await group.barrier();
  }
  writeResult(group.rank, 'done');
}

/** Rank 1 aborts, the others wait for it. */
async function abort(): Promise<void> {
  const group = await open();
  if (group.rank === 1) group.abort(7);
  await group.barrier();
  writeResult(group.rank, 'came back');
}

/** The last rank never comes. */
async function late(): Promise<void> {
  const group = await open({ timeoutMs: 500 });
  const { rank, size } = group;
  await group.allReduceSum(Float64Array.of(1));
  writeResult(rank, 'started');
  if (rank === size - 1) await forEver();
  await group.allReduceSum(Float64Array.of(1));
  writeResult(rank, 'came back');
}

/** As {@link late}, with the main thread of those who wait blocked. */
async function lateBlocking(): Promise<void> {
  const group = await open({ timeoutMs: 500 });
  const { rank, size } = group;
  if (rank === size - 1) await forEver();
  group.sumBlocking(Float64Array.of(1));
  writeResult(rank, 'came back');
}

/** Rank 1 ends with an error that nobody caught; the others wait for it in a collective, without a deadline. */
async function throws(): Promise<void> {
  const group = await open({ timeoutMs: 0 });
  if (group.rank === 1) throw new Error('Rank 1 has had enough.');
  await group.barrier();
  writeResult(group.rank, 'came back');
}

/** All ranks end with a code, as after a configuration that is at fault; rank 0 later than the others. */
async function allFail(): Promise<void> {
  const group = await open();
  await group.barrier();
  const sign = join(sharedDir, 'sign');
  if (group.rank === 0) {
    while (!existsSync(sign)) await setTimeout(5);
    writeResult(0, 'said it');
  } else {
    // Before MPI's own, so that rank 0 goes on when the others have come to their end.
    process.prependOnceListener('exit', () => writeFileSync(sign, ''));
  }
  process.exitCode = 3;
}

/** Asks for something that MPI refuses. */
async function refused(): Promise<void> {
  const group = await open();
  const error = (await group
    .broadcast(new Float32Array(3), 99)
    .catch((e: unknown) => e)) as Error & {
    code?: string;
  };
  writeResult(group.rank, { code: error.code, message: error.message });
}

/** Opens the group, and writes the code of the error. */
async function opens(): Promise<void> {
  const code = await open().then(
    ({ size }) => `size ${size}`,
    (error: { code: string }) => error.code,
  );
  writeResult(Number(process.env['PMI_RANK'] ?? process.env['OMPI_COMM_WORLD_RANK']), code);
}

/** WebAssembly that reads outside of its memory, which V8 notices by a signal that MPI's transports like to catch. */
async function traps(): Promise<void> {
  const { rank } = await open();
  // (module (memory 1) (func (export "read") (param i32) (result i32) local.get 0 i32.load))
  const code =
    '0061736d0100000001060160017f017f030201000503010001070801047265616400000a0901070020002802000b';
  const { instance } = await WebAssembly.instantiate(Buffer.from(code, 'hex'));
  try {
    instance.exports.read(2 ** 30);
  } catch (error) {
    writeResult(rank, String(error));
  }
}

const lives = {
  overlap,
  turning,
  abort,
  late,
  lateBlocking,
  throws,
  allFail,
  refused,
  opens,
  traps,
};

export type Life = keyof typeof lives;

await lives[scriptArguments[0] as Life]();
