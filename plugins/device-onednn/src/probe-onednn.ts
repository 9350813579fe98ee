import type { DeviceProbe } from '@refold/core';
import { isRefoldError } from '@refold/graph';
import { addonPath, isLeftOut } from './native/addon-path.js';
import { loadAddon } from './native/load-addon.js';
import { libraryOf } from './onednn-device.js';

/** Whether the device would work here: the addon is there and loads. Makes nothing. */
export function probeOnednn(): DeviceProbe {
  if (isLeftOut()) return { usable: false, reason: 'left out, as REFOLD_ONEDNN asks' };
  const path = addonPath();
  if (path === null)
    return {
      usable: false,
      reason: 'its native addon is not built here; `refold setup onednn` builds it',
    };
  try {
    const addon = loadAddon();
    return {
      usable: true,
      library: libraryOf(addon, addon.threads),
      reason: `native addon found (${path})`,
    };
  } catch (error) {
    if (!isRefoldError(error)) throw error;
    return { usable: false, reason: error.message };
  }
}
