import { setImmediate } from 'node:timers/promises';
import { barrier } from './collectives.js';
import type { Communicator } from './communicator.js';
import { mapSharedFile } from './map-shared-file.js';

/** A page of most systems, in bytes: no two ranks write into one. */
const PAGE = 4096;
/** Floats at a time: little of what a core's own cache holds. */
const PIECE = 2 ** 14;
/** Pieces between turns of the event loop. */
const PIECES_A_TURN = 16;

interface Block {
  readonly address: bigint;
  readonly values: Float32Array;
}

/** Memory of which every rank has a block and reaches all others'. Mapped as long as the process lives. */
export class SharedRegion {
  /** Whether this rank uses it. */
  isTaken = false;

  private constructor(
    private readonly comm: Communicator,
    /** By rank. */
    private readonly blocks: readonly Block[],
  ) {}

  /** A collective. Null on every rank where one of them cannot have it. */
  static async make(comm: Communicator, floats: number): Promise<SharedRegion | null> {
    const bytes = Math.ceil((4 * floats) / PAGE) * PAGE;
    const mapped = await mapSharedFile(comm, bytes);
    if (!mapped) return null;
    const blocks = Array.from({ length: comm.size }, (_, rank) => ({
      address: mapped.address + BigInt(rank * bytes),
      values: new Float32Array(mapped.memory, rank * bytes, bytes / 4),
    }));
    return new SharedRegion(comm, blocks);
  }

  /** This rank's block. */
  get own(): Float32Array {
    return this.blocks[this.comm.rank]!.values;
  }

  /**
   * Replaces these floats of every rank's block by their sums over all ranks: each rank adds up its share of them in all
   * blocks. All ranks get the same bits. A collective.
   */
  async sum(from: number, to: number): Promise<void> {
    const { comm } = this;
    const share = Math.ceil((to - from) / comm.size);
    const start = from + comm.rank * share;
    const end = Math.min(to, start + share);
    // All have written their values.
    await barrier(comm);
    for (let first = start, turn = 1; first < end; first += PIECE, turn++) {
      this.#sumPiece(first, Math.min(PIECE, end - first));
      if (turn % PIECES_A_TURN === 0) await setImmediate();
    }
    // All have added up their shares.
    await barrier(comm);
  }

  #sumPiece(first: number, count: number): void {
    const { mpi, rank } = this.comm;
    const { float, sum } = mpi.objects;
    const own = this.blocks[rank]!;
    const others = this.blocks.filter((block) => block !== own);
    const offset = BigInt(4 * first);
    for (const { address } of others) {
      const code = mpi.MPI_Reduce_local(address + offset, own.address + offset, count, float, sum);
      this.comm.check('all-reduce', code);
    }
    const sums = own.values.subarray(first, first + count);
    for (const { values } of others) values.set(sums, first);
  }
}
