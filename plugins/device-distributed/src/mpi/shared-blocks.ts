import { setImmediate } from 'node:timers/promises';
import type { Communicator } from './communicator.js';
import { HUGE_PAGE } from './huge-pages.js';
import { mapSharedFile } from './map-shared-file.js';

/** A small page of most systems, in bytes. */
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
export class SharedBlocks {
  private constructor(
    private readonly comm: Communicator,
    /** By rank. */
    private readonly blocks: readonly Block[],
  ) {}

  /** A collective. Null on every rank where one of them cannot have it. */
  static async map(comm: Communicator, floats: number): Promise<SharedBlocks | null> {
    // No two ranks write into one page, of the size that a block can have.
    const page = 4 * floats < HUGE_PAGE ? PAGE : HUGE_PAGE;
    const bytes = Math.ceil((4 * floats) / page) * page;
    const mapped = await mapSharedFile(comm, bytes);
    if (!mapped) return null;
    const blocks = Array.from({ length: comm.size }, (_, rank) => ({
      address: mapped.address + BigInt(rank * bytes),
      values: new Float32Array(mapped.memory, rank * bytes, bytes / 4),
    }));
    return new SharedBlocks(comm, blocks);
  }

  /** This rank's block. */
  get own(): Float32Array {
    return this.blocks[this.comm.rank]!.values;
  }

  /**
   * Replaces this rank's share of these floats by their sums, in every rank's block. Others must not touch the floats
   * meanwhile. Where all ranks do it, all blocks have the same bits; they do not depend on how floats are split into calls.
   *
   * @throws RefoldError `RF-DISTRIBUTED-MPI`
   */
  async sumShare(from: number, to: number): Promise<void> {
    const { rank, size } = this.comm;
    const share = Math.ceil((to - from) / size);
    const start = from + rank * share;
    const end = Math.min(to, start + share);
    for (let first = start, turn = 1; first < end; first += PIECE, turn++) {
      this.#sumPiece(first, Math.min(PIECE, end - first));
      if (turn % PIECES_A_TURN === 0) await setImmediate();
    }
  }

  /** In the order of the ranks, whoever adds them up: float addition depends on it. */
  #sumPiece(first: number, count: number): void {
    const { mpi } = this.comm;
    const { float, sum } = mpi.objects;
    const [total, ...others] = this.blocks as [Block, ...Block[]];
    const offset = BigInt(4 * first);
    for (const { address } of others) {
      const code = mpi.MPI_Reduce_local(
        address + offset,
        total.address + offset,
        count,
        float,
        sum,
      );
      this.comm.check('all-reduce', code);
    }
    const sums = total.values.subarray(first, first + count);
    for (const { values } of others) values.set(sums, first);
  }
}
