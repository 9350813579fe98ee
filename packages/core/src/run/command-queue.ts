import type { ReplicaGroup } from '../points/device.js';

const ALL = ['stop', 'checkpoint', 'validate'] as const;

/** What a run can be told. Carried out at the next step boundary. */
export type RunCommand = (typeof ALL)[number];

/** Commands waiting for the next step boundary; asking twice for the same thing is asking once. */
export class CommandQueue {
  readonly #waiting = new Set<RunCommand>();

  add(command: RunCommand): void {
    this.#waiting.add(command);
  }

  /** Whether the run is to stop; stays true. */
  get stopping(): boolean {
    return this.#waiting.has('stop');
  }

  /**
   * Makes what one replica was told known to all: what any has waiting, all have. A collective.
   */
  async agree(group: ReplicaGroup): Promise<void> {
    if (group.size === 1) return;
    const told = Float64Array.from(ALL, (command) => (this.#waiting.has(command) ? 1 : 0));
    await group.allReduceSum(told);
    ALL.forEach((command, i) => told[i]! > 0 && this.add(command));
  }

  /** Takes a command out, telling whether it was there. */
  take(command: Exclude<RunCommand, 'stop'>): boolean {
    return this.#waiting.delete(command);
  }
}
