import { allReduceSum } from './collectives.js';
import type { Communicator } from './communicator.js';
import { SharedRegion } from './shared-region.js';

/** The regions that the ranks have made together, by age. They are kept and used again. */
export class SharedRegions {
  readonly #regions: SharedRegion[] = [];

  /** A region that nobody uses, of at least so many floats for each rank. A collective. Null where none can be had. */
  async take(comm: Communicator, floats: number): Promise<SharedRegion | null> {
    const taken = (await this.#unused(comm, floats)) ?? (await this.#make(comm, floats));
    if (taken) taken.isTaken = true;
    return taken;
  }

  /** What one rank has done with, another may still use: all tell. */
  async #unused(comm: Communicator, floats: number): Promise<SharedRegion | null> {
    const unused = Float64Array.from(this.#regions, ({ isFree, own }) =>
      isFree && own.length >= floats ? 1 : 0,
    );
    await allReduceSum(comm, unused);
    return this.#regions[unused.indexOf(comm.size)] ?? null;
  }

  async #make(comm: Communicator, floats: number): Promise<SharedRegion | null> {
    const made = await SharedRegion.make(comm, floats);
    if (made) this.#regions.push(made);
    return made;
  }
}
