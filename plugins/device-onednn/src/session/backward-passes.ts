import { gradientsMissing } from '../errors.js';

/** Which backward passes of a session there were, and which still run. */
export class BackwardPasses {
  /** Number of the newest. */
  newest = 0;
  /** Settles when the newest has; never rejects. */
  finished: Promise<unknown> = Promise.resolve();
  /** Begun since the last update. */
  #pending = 0;

  /** Runs one more; one that fails does not count. */
  async run<T>(pass: () => Promise<T>): Promise<T> {
    this.newest++;
    this.#pending++;
    const running = pass();
    this.finished = running.catch(() => undefined);
    try {
      return await running;
    } catch (error) {
      this.#pending = Math.max(0, this.#pending - 1);
      throw error;
    }
  }

  /** @throws RefoldError `RF-DEVICE-NO-GRADIENTS` where there was none since `clear` */
  require(): void {
    if (this.#pending === 0) throw gradientsMissing();
  }

  /** After an update. */
  clear(): void {
    this.#pending = 0;
  }
}
