import type { ReplicaGroup } from '../points/device.js';

const ALL = ['stop', 'checkpoint', 'validate'] as const;

/** What a run can be told. Carried out at the next step boundary. */
export type RunCommand = (typeof ALL)[number];

/**
 * Commands waiting for the next step boundary; asking twice for the same thing is asking once. What is asked while replicas
 * agree waits for the next boundary: obeyed at once it would be by one of them alone.
 */
export class CommandQueue {
  readonly #asked = new Set<RunCommand>();
  readonly #agreed = new Set<RunCommand>();

  add(command: RunCommand): void {
    this.#asked.add(command);
  }

  /** Whether the run is to stop, as all replicas know; stays true. */
  get stopping(): boolean {
    return this.#agreed.has('stop');
  }

  /**
   * Makes what one replica was told known to all: what any has been asked, all carry out. A collective.
   */
  async agree(group: ReplicaGroup): Promise<void> {
    const told = Float64Array.from(ALL, (command) => (this.#asked.has(command) ? 1 : 0));
    this.#asked.clear();
    if (group.size > 1) await group.allReduceSum(told);
    ALL.forEach((command, i) => told[i]! > 0 && this.#agreed.add(command));
  }

  /** Takes a command out, telling whether it was agreed on. */
  take(command: Exclude<RunCommand, 'stop'>): boolean {
    return this.#agreed.delete(command);
  }
}
