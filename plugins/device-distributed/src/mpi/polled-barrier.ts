import type { Communicator } from './communicator.js';
import type { HandleCell } from './mpi-library.js';

/**
 * A barrier that nobody has to wait in: each rank says that it is there and goes on, and asks later whether all were. It
 * orders memory as any barrier does: what a rank wrote before, the others see after.
 */
export class PolledBarrier {
  readonly #flag = new Int32Array(1);

  private constructor(
    private readonly comm: Communicator,
    private readonly request: HandleCell,
  ) {}

  /**
   * Every rank starts the barriers of a communicator in the same order. Does not wait.
   *
   * @throws RefoldError `RF-DISTRIBUTED-MPI`, as its methods do
   */
  static start(comm: Communicator): PolledBarrier {
    const request = comm.mpi.newHandleCell();
    comm.check('barrier', comm.mpi.MPI_Ibarrier(comm.handle, request));
    return new PolledBarrier(comm, request);
  }

  /** Whether all ranks have started it, as far as this one knows. Does not wait. */
  isPassed(): boolean {
    const { mpi } = this.comm;
    this.comm.check('barrier', mpi.MPI_Test(this.request, this.#flag, mpi.abi.statusIgnore));
    return this.#flag[0] !== 0;
  }

  /** Waits until all ranks have started it. */
  async passed(): Promise<void> {
    const { mpi } = this.comm;
    await this.comm.call('barrier', mpi.MPI_Wait, this.request, mpi.abi.statusIgnore);
  }
}
