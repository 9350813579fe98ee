import { callAsync } from './calls-in-flight.js';
import type { Handle, MpiFunction, MpiLibrary } from './mpi-library.js';
import { checkMpi, type MpiRuntime } from './mpi-runtime.js';
import type { Lane } from './watch-board.js';

/** Arrays that MPI is given. */
export type Numbers = Float32Array | Float64Array | Uint16Array | Int32Array;

/** One communicator, with the way in which its functions are called: on a thread of the pool, or on this one. */
export class Communicator {
  readonly mpi: MpiLibrary;
  readonly handle: Handle;
  readonly size: number;
  readonly rank: number;
  readonly #runtime: MpiRuntime;
  readonly #lane: Lane;
  readonly #blocks: boolean;

  /**
   * Threads of the pool are used only where MPI allows calls from all threads at once: any less, and a blocking sum
   * beside an asynchronous one would be an error.
   */
  constructor(runtime: MpiRuntime, lane: Lane, handle = runtime.comms[lane]) {
    this.mpi = runtime.mpi;
    this.handle = handle;
    this.size = runtime.size;
    this.rank = runtime.rank;
    this.#runtime = runtime;
    this.#lane = lane;
    this.#blocks = lane === 'blocking' || runtime.threadLevel !== 'multiple';
  }

  /** Another one of the same ranks, whose calls and this one's are in no order. A collective; never freed. */
  async duplicate(): Promise<Communicator> {
    const { mpi, handle } = this;
    const cell = mpi.newHandleCell();
    await this.call('the copying of a communicator', mpi.MPI_Comm_dup, handle, cell);
    const duplicate = new Communicator(this.#runtime, this.#lane, cell[0]);
    const { errorsReturn } = mpi.objects;
    duplicate.check('its start', mpi.MPI_Comm_set_errhandler(duplicate.handle, errorsReturn));
    return duplicate;
  }

  /**
   * @param what is done, for the message
   * @throws RefoldError `RF-DISTRIBUTED-MPI`
   */
  async call<Args extends readonly unknown[]>(
    what: string,
    call: MpiFunction<Args>,
    ...args: Args
  ): Promise<void> {
    this.check(what, this.#blocks ? call(...args) : await callAsync(call, ...args));
  }

  /** @throws RefoldError `RF-DISTRIBUTED-MPI` for any code but success */
  check(what: string, code: number): void {
    checkMpi(this.#runtime, what, code);
  }

  /** MPI's name for the type of the array's elements. */
  typeOf(values: Float32Array | Float64Array): Handle {
    const { float, double } = this.mpi.objects;
    return values instanceof Float32Array ? float : double;
  }
}
