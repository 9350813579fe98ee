import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { addonNotBuilt, addonNotLoadable } from '../errors.js';
import { addonCandidates } from './addon-path.js';
import type { NativeAddon } from './native-addon.js';

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded once per process.
 *
 * @throws RefoldError `RF-ONEDNN-NOT-BUILT`, `RF-ONEDNN-NOT-LOADABLE`
 */
export function loadAddon(): NativeAddon {
  loaded ??= loadFirst(addonCandidates());
  return loaded;
}

/**
 * The first of the files that is there and that Node can load.
 *
 * @throws RefoldError `RF-ONEDNN-NOT-BUILT` where none is there, `RF-ONEDNN-NOT-LOADABLE` where none loads
 */
export function loadFirst(candidates: readonly string[]): NativeAddon {
  const present = candidates.filter((path) => existsSync(path));
  if (present.length === 0)
    throw addonNotBuilt(candidates.length > 0 ? candidates : ['nowhere, as REFOLD_ONEDNN asks']);
  waitPassively();
  const require = createRequire(import.meta.url);
  const reasons: string[] = [];
  let cause: unknown;
  for (const path of present) {
    try {
      return require(path) as NativeAddon;
    } catch (error) {
      const { message } = error as Error;
      reasons.push(message.includes(path) ? message : `${path}: ${message}`);
      cause = error;
    }
  }
  throw addonNotLoadable(reasons, cause);
}

/**
 * OpenMP's threads spin while they wait for each other, which takes the cores from those that decode images. Its
 * library reads this once, when the addon brings it in.
 */
function waitPassively(): void {
  const { env } = process;
  if (env['OMP_WAIT_POLICY'] === undefined && env['GOMP_SPINCOUNT'] === undefined)
    env['GOMP_SPINCOUNT'] = '20000';
}
