import type { Communicator } from './communicator.js';
import { PolledSums } from './polled-sums.js';
import { SharedBlocks } from './shared-blocks.js';

/** Memory that all ranks reach, with the sums in it. It serves one session after the other. */
export class SharedRegion {
  /** Whether this rank uses it. */
  isTaken = false;

  private constructor(
    private readonly blocks: SharedBlocks,
    readonly sums: PolledSums,
  ) {}

  /** A collective. Null on every rank where one of them cannot have it. */
  static async make(comm: Communicator, floats: number): Promise<SharedRegion | null> {
    const blocks = await SharedBlocks.map(comm, floats);
    // Barriers that a rank leaves open must not meet those of anybody else.
    return blocks && new SharedRegion(blocks, new PolledSums(await comm.duplicate(), blocks));
  }

  /** This rank's block. */
  get own(): Float32Array {
    return this.blocks.own;
  }

  /** Whether somebody else may have it: never again where sums were left in their middle. */
  get isFree(): boolean {
    return !this.isTaken && this.sums.isFinished;
  }
}
