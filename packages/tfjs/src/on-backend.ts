import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { backendUnavailable } from './errors.js';

/** Starts a registered backend. @throws RefoldError `RF-DEVICE-BACKEND` */
export async function startBackend(name: string): Promise<void> {
  const started = await setBackend(name).catch((error: unknown) => {
    throw backendUnavailable(name, error);
  });
  if (!started) throw backendUnavailable(name);
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
