import { Device, definePlugin } from '@refold/core';
import { z } from 'zod';
import { buildAddon } from './native/build-addon.js';
import { onednnDevice } from './onednn-device.js';
import { probeOnednn } from './probe-onednn.js';

export { onednnDevice, type OnednnDeviceOptions } from './onednn-device.js';
export { probeOnednn } from './probe-onednn.js';
export { buildAddon, type BuildOptions, type BuiltAddon } from './native/build-addon.js';

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
      description: 'the native addon of the device onednn, built with CMake on oneDNN',
      async install(report) {
        const { path, present } = await buildAddon({ report });
        const { usable, library, reason } = probeOnednn();
        const state = usable ? (library ?? '') : `not usable: ${reason}`;
        return `The addon ${present ? 'was already built' : 'is built'} (${path}): ${state}.`;
      },
    },
  },
  setup({ provide }) {
    provide(Device, {
      use: ['onednn'],
      options: z.strictObject({ threads }),
      preference: 100,
      probe: () => Promise.resolve(probeOnednn()),
      create: ({ options }) =>
        onednnDevice(options.threads === undefined ? {} : { threads: options.threads }),
    });
  },
});
