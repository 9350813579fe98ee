import { decodeBfloat16, encodeBfloat16, sumBfloat16 } from './bfloat16.js';
import type { Communicator } from './communicator.js';
import { pieces } from './pieces.js';

/** Elements at a time: little enough that rounding them does not hold up the event loop, and memory is small. */
const MOST = 2 ** 20;

/**
 * Replaces the values by their sums over all ranks, with half of the traffic: numbers travel in bfloat16. Each rank
 * adds up its share of the elements, in float32 and in the order of the ranks, and sends the rounded sums to all; so
 * every rank has the same bits. Both roundings keep a number within 1/256 of itself.
 */
export async function compressedSum(comm: Communicator, values: Float32Array): Promise<void> {
  for (const part of pieces(values, MOST)) await sumPiece(comm, part);
}

async function sumPiece(comm: Communicator, values: Float32Array): Promise<void> {
  const { MPI_Alltoall, MPI_Allgather, objects } = comm.mpi;
  const { unsignedShort: type } = objects;
  const share = Math.ceil(values.length / comm.size);
  // The last share is filled up with zeros.
  const mine = new Uint16Array(share * comm.size);
  const shares = new Uint16Array(share * comm.size);
  encodeBfloat16(values, mine);
  await comm.call(
    'compressed all-reduce',
    MPI_Alltoall,
    mine,
    share,
    type,
    shares,
    share,
    type,
    comm.handle,
  );
  const sums = new Float32Array(share);
  sumBfloat16(shares, sums);
  const rounded = new Uint16Array(share);
  encodeBfloat16(sums, rounded);
  await comm.call(
    'compressed all-reduce',
    MPI_Allgather,
    rounded,
    share,
    type,
    shares,
    share,
    type,
    comm.handle,
  );
  decodeBfloat16(shares, values);
}
