import { hostname } from 'node:os';
import type { ReplicaGroup } from '@refold/core';
import { abortRanks } from './abort-ranks.js';
import { allReduceSum, barrier, broadcast, gather } from './collectives.js';
import { Communicator } from './communicator.js';
import { compressedSum } from './compressed-sum.js';
import type { ThreadLevel } from './constants.js';
import { groupClosed, mpiMissing } from '../errors.js';
import { findMpi } from './find-mpi.js';
import { checkMpi, startMpi, type MpiRuntime } from './mpi-runtime.js';
import { launchedRank } from '@refold/core';
import type { SharedFloats } from '../replica-sums.js';
import type { Wait } from './watch-board.js';
import { Watchdog } from './watchdog.js';

export interface MpiGroupOptions {
  /**
   * Milliseconds that a collective may take before the process is ended with `RF-DISTRIBUTED-TIMEOUT`; 0 for as long
   * as it likes. Default 300 000. The start of all ranks may take a minute in any case.
   */
  readonly timeoutMs?: number;
}

/**
 * The processes that mpirun started, or this one alone where it did not. Methods that give a promise do not hold up
 * the event loop; they are carried out one after the other, in the order in which they were called, which must be the
 * same on every rank. Arrays belong to the group until the promise is settled.
 */
export class MpiGroup implements ReplicaGroup {
  readonly rank: number;
  readonly size: number;
  /** Processor name of every rank, by rank. */
  readonly hosts: readonly string[];
  /** Name and version of the MPI library. */
  readonly library: string;
  /** What MPI provides. Below `multiple` every method blocks the calling thread. */
  readonly threadLevel: ThreadLevel;
  readonly #runtime: MpiRuntime;
  readonly #watchdog: Watchdog;
  readonly #comm: Communicator;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(runtime: MpiRuntime, watchdog: Watchdog) {
    ({ rank: this.rank, size: this.size, hosts: this.hosts } = runtime);
    this.library = runtime.mpi.name;
    this.threadLevel = runtime.threadLevel;
    this.#runtime = runtime;
    this.#watchdog = watchdog;
    this.#comm = new Communicator(runtime, 'asynchronous');
  }

  /**
   * Starts MPI, where it is not running yet: a collective then.
   *
   * @throws RefoldError `RF-DISTRIBUTED-NO-MPI`, `RF-DISTRIBUTED-LAUNCHER`, `RF-DISTRIBUTED-MPI`, `RF-DISTRIBUTED-ENDED`
   */
  static async open({ timeoutMs = 300_000 }: MpiGroupOptions = {}): Promise<MpiGroup> {
    const found = findMpi();
    if (!found.found) throw mpiMissing(found.tried);
    const place = { rank: launchedRank()?.rank ?? 0, host: hostname() };
    const watchdog = await Watchdog.start(place, timeoutMs);
    const end = watchdog.begin('blocking', 'the start of MPI');
    try {
      return new MpiGroup(startMpi(found), watchdog);
    } catch (error) {
      await watchdog.stop();
      throw error;
    } finally {
      end();
    }
  }

  /** Milliseconds spent in collectives so far: waiting for other ranks, and the exchange itself. */
  get waitedMs(): number {
    return this.#watchdog.waitedMs;
  }

  allReduceSum(values: Float32Array | Float64Array): Promise<void> {
    return this.#collective('all-reduce', () => allReduceSum(this.#comm, values));
  }

  /**
   * Memory that all ranks reach, where they are of one machine and it has room: null elsewhere, on every rank. A
   * collective, as the end of its sums is. Afterwards the memory belongs to the caller until it is released.
   */
  async share(floats: number): Promise<SharedFloats | null> {
    if (this.size === 1 || new Set(this.hosts).size > 1) return null;
    const region = await this.#collective('the sharing of memory', () =>
      this.#runtime.regions.take(this.#comm, floats),
    );
    if (!region) return null;
    const { own, sums } = region;
    let isReleased = false;
    return {
      own: own.subarray(0, floats),
      add: async (from, to) => {
        if (this.#closed) throw groupClosed();
        await sums.add(from, to);
      },
      finish: () => this.#collective('all-reduce', () => sums.finish()),
      pending: () => sums.pending,
      release() {
        // Later it may be somebody else's.
        if (!isReleased) region.isTaken = false;
        isReleased = true;
      },
    };
  }

  /** As {@link allReduceSum} with half of the traffic: numbers travel in bfloat16. All ranks get the same bits. */
  allReduceSumCompressed(values: Float32Array): Promise<void> {
    return this.#collective('compressed all-reduce', () => compressedSum(this.#comm, values));
  }

  broadcast(values: Float32Array | Float64Array, root: number): Promise<void> {
    return this.#collective('broadcast', () => broadcast(this.#comm, values, root));
  }

  gather(values: Float64Array, root: number): Promise<readonly Float64Array[]> {
    return this.#collective('gather', () => gather(this.#comm, values, root));
  }

  barrier(): Promise<void> {
    return this.#collective('barrier', () => barrier(this.#comm));
  }

  /**
   * Replaces the values by their sums over all ranks, on the calling thread. In an order of its own: asynchronous
   * collectives that are under way go on meanwhile, those still queued start afterwards.
   *
   * @throws RefoldError `RF-DISTRIBUTED-MPI`, `RF-DEVICE-CLOSED`
   */
  sumBlocking(values: Float64Array): void {
    if (this.#closed) throw groupClosed();
    const { mpi, comms } = this.#runtime;
    const { double, sum } = mpi.objects;
    const end = this.#watchdog.begin('blocking', 'blocking sum');
    try {
      const { inPlace } = mpi.abi;
      const code = mpi.MPI_Allreduce(inPlace, values, values.length, double, sum, comms.blocking);
      checkMpi(this.#runtime, 'blocking sum', code);
    } finally {
      end();
    }
  }

  /** Ends this process and all other ranks at once. @param code exit code of the job */
  abort(code: number): never {
    return abortRanks(this.#runtime.mpi, code);
  }

  /** Waits for this rank's own collectives, not for other ranks. MPI itself stays up until the process ends. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.#watchdog.stop();
  }

  #collective<T>(wait: Wait, body: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(groupClosed());
    const done = this.#last.then(async () => {
      const end = this.#watchdog.begin('asynchronous', wait);
      try {
        return await body();
      } finally {
        end();
      }
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}
