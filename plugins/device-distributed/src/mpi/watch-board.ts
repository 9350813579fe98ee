/** Every kind of call that waits for other ranks, as messages call it. */
export const WAITS = [
  'the start of MPI',
  'all-reduce',
  'compressed all-reduce',
  'broadcast',
  'gather',
  'barrier',
  'blocking sum',
  'the sharing of memory',
] as const;

export type Wait = (typeof WAITS)[number];

/** At most one call of each is under way at a time: in a thread of the pool, and on the calling thread. */
export const LANES = ['asynchronous', 'blocking'] as const;

export type Lane = (typeof LANES)[number];

/** Seen on the board: a call that has not ended. `number`: the how many-th of its kind, from 1. */
export interface Waiting {
  readonly wait: Wait;
  readonly number: number;
  /** Milliseconds of {@link monotonicMs}. */
  readonly since: number;
}

/** Cells of a lane. */
const [SINCE, KIND, NUMBER, FIELDS] = [0, 1, 2, 3] as const;

/**
 * Which calls are waiting, in memory that a watching thread reads. Written by one thread. A reader may see the kind of
 * one call with the start of the next, so it looks twice before it acts.
 */
export class WatchBoard {
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(LANES.length * FIELDS * 8)) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
  }

  begin(lane: Lane, wait: Wait, number: number): void {
    this.#store(lane, KIND, WAITS.indexOf(wait));
    this.#store(lane, NUMBER, number);
    this.#store(lane, SINCE, monotonicMs());
  }

  end(lane: Lane): void {
    this.#store(lane, SINCE, 0);
  }

  read(lane: Lane): Waiting | null {
    const since = this.#load(lane, SINCE);
    if (since === 0) return null;
    return { wait: WAITS[this.#load(lane, KIND)]!, number: this.#load(lane, NUMBER), since };
  }

  #store(lane: Lane, field: number, value: number): void {
    Atomics.store(this.#cells, LANES.indexOf(lane) * FIELDS + field, BigInt(value));
  }

  #load(lane: Lane, field: number): number {
    return Number(Atomics.load(this.#cells, LANES.indexOf(lane) * FIELDS + field));
  }
}

/** Milliseconds of a clock that all threads of a process share and that nobody sets; whole. */
export const monotonicMs = () => Number(process.hrtime.bigint() / 1_000_000n);
