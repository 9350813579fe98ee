import { statfsSync } from 'node:fs';

/** Whether there is room for two regions of three ranks, and as much beside: other systems than Linux and small containers have none. */
export function hasSharedMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 50 * 2 ** 20;
  } catch {
    return false;
  }
}
