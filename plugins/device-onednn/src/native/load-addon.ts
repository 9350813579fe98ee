import { createRequire } from 'node:module';
import { addonMissing } from '../errors.js';
import { addonPath } from './addon-path.js';
import type { NativeAddon } from './native-addon.js';

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded once per process.
 *
 * @throws RefoldError `RF-DEVICE-BACKEND` where there is none, or where it does not load
 */
export function loadAddon(): NativeAddon {
  if (loaded) return loaded;
  const path = addonPath();
  if (path === null) throw addonMissing('it is not built');
  waitPassively();
  try {
    loaded = createRequire(import.meta.url)(path) as NativeAddon;
  } catch (error) {
    throw addonMissing((error as Error).message, error);
  }
  return loaded;
}

/**
 * OpenMP's threads spin while they wait for each other, which takes the cores from those that decode images. Its
 * library reads this once, when the addon brings it in.
 */
function waitPassively(): void {
  if (process.env.OMP_WAIT_POLICY === undefined && process.env.GOMP_SPINCOUNT === undefined)
    process.env.GOMP_SPINCOUNT = '20000';
}
