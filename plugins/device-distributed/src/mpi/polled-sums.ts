import { barrier } from './collectives.js';
import type { Communicator } from './communicator.js';
import { PolledBarrier } from './polled-barrier.js';
import type { SharedBlocks } from './shared-blocks.js';

/** Floats of every rank's block that this one is ready to sum. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly ready: PolledBarrier;
}

/**
 * Sums of parts of shared blocks, while the ranks still write others. A rank says that it has written a part and does not
 * wait for the rest: it adds up its share of a part when it says the next one and finds that all have written this one.
 */
export class PolledSums {
  /** In the order in which they were added. */
  #waiting: Part[] = [];
  #isFinished = true;

  /** @param comm used by nobody else: its barriers may stay open where a rank fails */
  constructor(
    private readonly comm: Communicator,
    private readonly blocks: SharedBlocks,
  ) {}

  /** Floats of parts that were added and wait for other ranks. */
  get pending(): number {
    return this.#waiting.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** False between the first `add` and the end of `finish`: other ranks may write into this one's block. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /**
   * This rank has written these floats, and leaves them to all until the end of {@link finish}. Adds up its shares of what
   * all have written, and waits for nobody. Each rank adds the same parts in the same order.
   */
  async add(from: number, to: number): Promise<void> {
    this.#isFinished = false;
    this.#waiting.push({ from, to, ready: PolledBarrier.start(this.comm) });
    await this.#sumReady();
  }

  /** Waits for what is left. Then all ranks' blocks hold the sums of all that was added. A collective. */
  async finish(): Promise<void> {
    for (;;) {
      await this.#sumReady();
      const next = this.#waiting[0];
      if (!next) break;
      await next.ready.passed();
    }
    // All have added up their shares.
    await barrier(this.comm);
    this.#isFinished = true;
  }

  async #sumReady(): Promise<void> {
    // Each is asked, also behind one that is not ready: that is what makes it go on.
    const ready = this.#waiting.filter((part) => part.ready.isPassed());
    this.#waiting = this.#waiting.filter((part) => !ready.includes(part));
    for (const { from, to } of ready) await this.blocks.sumShare(from, to);
  }
}
