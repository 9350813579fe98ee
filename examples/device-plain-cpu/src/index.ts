import { definePlugin, Device } from '@refold/core';
import { tfjsDevice } from '@refold/tfjs';
import '@tensorflow/tfjs-backend-cpu';

/** Runs every graph on tfjs's plain JavaScript backend. Put your own KernelBackend's name in its place. */
export default definePlugin({
  name: 'refold-plugin-device-plain-cpu',
  apiVersion: 1,
  setup({ provide }) {
    provide(Device, {
      use: ['plain-cpu'],
      preference: 2,
      probe: () =>
        Promise.resolve({ usable: true, library: 'tfjs cpu', reason: 'plain JavaScript' }),
      create: () =>
        tfjsDevice({ name: 'plain-cpu', library: 'tfjs cpu', backend: 'cpu', threads: 1 }),
    });
  },
});
