import type { Communicator } from './communicator.js';
import { pieces } from './pieces.js';

/** Most elements in one call: counts are 32-bit integers, and some transports count bytes in them. */
const MOST = 2 ** 27;

/** Replaces the values by their sums over all ranks. */
export async function allReduceSum(
  comm: Communicator,
  values: Float32Array | Float64Array,
): Promise<void> {
  const { MPI_Allreduce, abi, objects } = comm.mpi;
  const type = comm.typeOf(values);
  for (const part of pieces(values, MOST))
    await comm.call(
      'all-reduce',
      MPI_Allreduce,
      abi.inPlace,
      part,
      part.length,
      type,
      objects.sum,
      comm.handle,
    );
}

/** Copies the root's values to every rank. */
export async function broadcast(
  comm: Communicator,
  values: Float32Array | Float64Array,
  root: number,
): Promise<void> {
  const { MPI_Bcast } = comm.mpi;
  const type = comm.typeOf(values);
  for (const part of pieces(values, MOST))
    await comm.call('broadcast', MPI_Bcast, part, part.length, type, root, comm.handle);
}

/** Every rank's values, by rank, on the root; an empty list elsewhere. Ranks may have different numbers of them. */
export async function gather(
  comm: Communicator,
  values: Float64Array,
  root: number,
): Promise<readonly Float64Array[]> {
  const { MPI_Gather, MPI_Gatherv, objects } = comm.mpi;
  const { double } = objects;
  const isRoot = comm.rank === root;
  const lengths = new Float64Array(isRoot ? comm.size : 0);
  const length = Float64Array.of(values.length);
  await comm.call(
    'gather',
    MPI_Gather,
    length,
    1,
    double,
    isRoot ? lengths : null,
    1,
    double,
    root,
    comm.handle,
  );
  const counts = Int32Array.from(lengths);
  const offsets = counts.map((_, i) => counts.subarray(0, i).reduce((sum, n) => sum + n, 0));
  const all = new Float64Array(lengths.reduce((sum, n) => sum + n, 0));
  const receive = isRoot ? ([all, counts, offsets] as const) : ([null, null, null] as const);
  await comm.call(
    'gather',
    MPI_Gatherv,
    values,
    values.length,
    double,
    ...receive,
    double,
    root,
    comm.handle,
  );
  return Array.from(counts, (count, i) => all.slice(offsets[i], offsets[i]! + count));
}

/** Returns when every rank has called it. */
export async function barrier(comm: Communicator): Promise<void> {
  await comm.call('barrier', comm.mpi.MPI_Barrier, comm.handle);
}
