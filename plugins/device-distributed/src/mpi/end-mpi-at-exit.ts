import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { abortRanks } from './abort-ranks.js';
import { callsInFlight } from './calls-in-flight.js';
import type { MpiRuntime } from './mpi-runtime.js';
import { sleepBlocking } from './sleep-blocking.js';

/** How long a rank that fails waits for the others to end as well, before it ends them. */
const GRACE_MS = 5_000;
/** Between two looks whether the others have come. */
const PAUSE_MS = 5;
/** Exit code of a process that was interrupted (DESIGN §10): all ranks are, and one still writes its checkpoint. */
const INTERRUPTED = 130;

/**
 * Has MPI ended when the process ends. A rank waits for the others: MPI_Finalize would too, but at the full speed of a
 * core. One that failed waits only a little, since the others may be in a collective that it will never join, then it
 * aborts them: otherwise the job would hang.
 */
export function endMpiAtExit(runtime: MpiRuntime): void {
  process.on('uncaughtException', reportUncaught);
  process.once('exit', (code) => {
    const failed = code !== 0 && code !== INTERRUPTED;
    // A thread inside MPI can neither be stopped nor be waited for here.
    if (!callsInFlight() && allHaveCome(runtime, failed ? GRACE_MS : Infinity))
      runtime.mpi.MPI_Finalize();
    else abortRanks(runtime.mpi, code === 0 ? 1 : code);
  });
}

/** As Node does, which would say what it was only after `exit`: too late where the ranks are aborted there. */
function reportUncaught(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return;
  writeSync(process.stderr.fd, `${inspect(error)}\n`);
  process.exit(1);
}

function allHaveCome({ mpi, comms }: MpiRuntime, limitMs: number): boolean {
  const request = mpi.newHandleCell();
  const come = new Int32Array(1);
  const start = performance.now();
  if (mpi.MPI_Ibarrier(comms.end, request) !== 0) return false;
  for (;;) {
    if (mpi.MPI_Test(request, come, mpi.abi.statusIgnore) !== 0) return false;
    if (come[0] !== 0) return true;
    if (performance.now() - start > limitMs) return false;
    sleepBlocking(PAUSE_MS);
  }
}
