import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RankPlace } from '../errors.js';
import { WatchBoard, type Lane, type Wait } from './watch-board.js';
import type { WatchdogSettings } from './watchdog-settings.js';

/** Shortest time allowed for the start of all ranks, in milliseconds. */
const START_MS = 60_000;

/**
 * Knows which collectives are under way and for how long. A thread of its own ends the process when one takes longer
 * than it may: the main thread may be blocked in it. That thread does not keep the process alive.
 */
export class Watchdog {
  readonly #board: WatchBoard;
  readonly #worker: Worker | null;
  readonly #counts = new Map<Wait, number>();
  #waitedMs = 0;

  private constructor(board: WatchBoard, worker: Worker | null) {
    this.#board = board;
    this.#worker = worker;
  }

  /** @param timeoutMs milliseconds that a collective may take; 0 for as long as it likes */
  static async start(place: RankPlace, timeoutMs: number): Promise<Watchdog> {
    const board = new WatchBoard();
    if (timeoutMs === 0) return new Watchdog(board, null);
    const settings: WatchdogSettings = {
      ...place,
      memory: board.memory,
      timeoutMs,
      startTimeoutMs: Math.max(timeoutMs, START_MS),
    };
    const worker = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
      workerData: settings,
    });
    await once(worker, 'message');
    worker.unref();
    return new Watchdog(board, worker);
  }

  /** Milliseconds spent in collectives so far, those of both lanes added up. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** @returns what to call when it has ended */
  begin(lane: Lane, wait: Wait): () => void {
    const number = (this.#counts.get(wait) ?? 0) + 1;
    this.#counts.set(wait, number);
    this.#board.begin(lane, wait, number);
    const start = performance.now();
    return () => {
      this.#board.end(lane);
      this.#waitedMs += performance.now() - start;
    };
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }
}
