/** What a run can be told. Carried out at the next step boundary. */
export type RunCommand = 'stop' | 'checkpoint' | 'validate';

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

  /** Takes a command out, telling whether it was there. */
  take(command: Exclude<RunCommand, 'stop'>): boolean {
    return this.#waiting.delete(command);
  }
}
