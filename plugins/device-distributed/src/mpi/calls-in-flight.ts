import type { MpiFunction } from './mpi-library.js';

/**
 * Arguments of the asynchronous calls that have not come back: kept here, so that the arrays that C writes into stay
 * alive whatever the caller does.
 */
const inFlight = new Set<readonly unknown[]>();

/** Whether a thread of the pool is inside MPI. */
export const callsInFlight = () => inFlight.size > 0;

/** Calls it on a thread of the pool. @returns MPI's error code */
export function callAsync<Args extends readonly unknown[]>(
  call: MpiFunction<Args>,
  ...args: Args
): Promise<number> {
  return new Promise((resolve, reject) => {
    inFlight.add(args);
    call.async(...args, (error: Error | null, code: number) => {
      inFlight.delete(args);
      if (error) reject(error);
      else resolve(code);
    });
  });
}
