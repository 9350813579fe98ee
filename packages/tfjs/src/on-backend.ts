import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { backendUnavailable } from './errors.js';

/** tfjs has one engine per process, and a second start while one is under way spoils both: they queue up. */
let lastStart: Promise<unknown> = Promise.resolve();

/** Starts a registered backend. @throws RefoldError `RF-DEVICE-BACKEND` */
export function startBackend(name: string): Promise<void> {
  const start = lastStart.then(async () => {
    const started = await setBackend(name).catch((error: unknown) => {
      throw backendUnavailable(name, error);
    });
    if (!started) throw backendUnavailable(name);
  });
  lastStart = start.catch(() => undefined);
  return start;
}

/**
 * Runs `compute` with this backend active. tfjs has one active backend per process; sessions on several backends
 * take turns between their awaits, so each synchronous stretch chooses its own.
 */
export function onBackend<T>(name: string, compute: () => T): T {
  if (getBackend() !== name) {
    // Switching to a backend that has started takes effect before the promise is returned.
    void setBackend(name);
    if (getBackend() !== name) throw backendUnavailable(name);
  }
  return compute();
}
