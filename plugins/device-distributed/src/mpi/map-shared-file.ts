import { randomInt } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { allReduceSum, broadcast } from './collectives.js';
import type { Communicator } from './communicator.js';
import { useHugePages } from './huge-pages.js';
import { mapFile, type Mapped } from './map-file.js';

/** Where Linux keeps files in memory. */
const FOLDER = '/dev/shm';
/** Of what is free there, this share is left to others: containers often have 64 MiB. */
const SHARE_LEFT = 0.5;
/** Bytes that are written at a time. */
const CHUNK = 2 ** 20;

/**
 * Zeroed memory that all ranks reach, of so many bytes for each, by rank, in large pages where these are multiples of one. A collective. Null on every rank where one of them
 * cannot have it: the system is another than Linux, the ranks see different folders, there is too little room.
 *
 * Not a window of MPI: Open MPI takes those away in MPI_Finalize, while a thread that computes may still write.
 */
export async function mapSharedFile(comm: Communicator, bytesEach: number): Promise<Mapped | null> {
  const name = Float64Array.of(randomInt(2 ** 47));
  await broadcast(comm, name, 0);
  const path = join(FOLDER, `refold-${name[0]}`);
  const isFirst = comm.rank === 0;
  try {
    const made = !isFirst || create(path, bytesEach * comm.size);
    if (!(await allAgree(comm, made))) return null;
    const mapped = reserveAndMap(path, comm, bytesEach);
    const { rank, size } = comm;
    if (mapped) await useHugePages(mapped.address + BigInt(rank * bytesEach), bytesEach);
    if (!(await allAgree(comm, mapped !== null))) return null;
    // The others' parts lie in large pages by now: they are found there.
    await useHugePages(mapped!.address, size * bytesEach);
    return mapped;
  } finally {
    // The memory lives on without its name.
    if (isFirst) rmSync(path, { force: true });
  }
}

/** @returns whether it was made, and has room for so many bytes */
function create(path: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(FOLDER);
    if (bytes > (1 - SHARE_LEFT) * bavail * bsize) return false;
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch {
    return false;
  }
}

/** A rank writes its own part: memory that is only found missing when it is touched ends a process. */
function reserveAndMap(path: string, { rank, size }: Communicator, bytesEach: number) {
  let file: number | undefined;
  try {
    file = openSync(path, 'r+');
    const zeros = new Uint8Array(CHUNK);
    for (let done = 0; done < bytesEach;)
      done += writeSync(file, zeros, 0, Math.min(CHUNK, bytesEach - done), rank * bytesEach + done);
    return mapFile(file, bytesEach * size);
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A collective. */
async function allAgree(comm: Communicator, agrees: boolean): Promise<boolean> {
  const agreeing = Float64Array.of(agrees ? 1 : 0);
  await allReduceSum(comm, agreeing);
  return agreeing[0] === comm.size;
}
