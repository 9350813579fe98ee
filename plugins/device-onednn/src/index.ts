import { Device, definePlugin } from '@refold/core';
import { z } from 'zod';
import { buildAddon } from './native/build-addon.js';
import { addonPath } from './native/addon-path.js';
import { loadAddon } from './native/load-addon.js';
import { libraryOf, onednnDevice } from './onednn-device.js';

export { onednnDevice, type OnednnDeviceOptions } from './onednn-device.js';
export { buildAddon, type BuildOptions } from './native/build-addon.js';

/** Whether the addon is here: a prebuilt one, or one built on this machine. */
export function isOnednnBuilt(): boolean {
  return addonPath() !== null;
}

const threads = z
  .number()
  .int()
  .positive()
  .optional()
  .describe('Threads that share one operation; all cores by default.');

/** The device `onednn`: compiles whole networks for the CPU. */
export default definePlugin({
  name: '@refold/plugin-device-onednn',
  apiVersion: 1,
  installs: {
    onednn: {
      description: 'the native addon of the device onednn, built with CMake and oneDNN',
      install: (report) => buildAddon({ report }),
    },
  },
  setup({ provide }) {
    provide(Device, {
      use: ['onednn'],
      options: z.strictObject({ threads }),
      preference: 100,
      probe() {
        const path = addonPath();
        if (path === null)
          return Promise.resolve({
            usable: false,
            reason: 'its addon is not built; `refold setup onednn` builds it',
          });
        try {
          const library = libraryOf(loadAddon());
          return Promise.resolve({ usable: true, library, reason: 'its addon is there' });
        } catch (error) {
          return Promise.resolve({ usable: false, reason: (error as Error).message });
        }
      },
      create: ({ options }) =>
        onednnDevice(options.threads === undefined ? {} : { threads: options.threads }),
    });
  },
});
