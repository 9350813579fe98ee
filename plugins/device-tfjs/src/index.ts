import { Device, definePlugin } from '@refold/core';
import { z } from 'zod';
import { cpuDevice, CPU_LIBRARY } from './cpu/cpu-device.js';
import { installTensorflow, probeLibtensorflow } from './tensorflow/index.js';
import { tfjsNodeDevice } from './tfjs-node/tfjs-node-device.js';
import { wasmDevice, WASM_LIBRARY } from './wasm/wasm-device.js';

export { cpuDevice } from './cpu/cpu-device.js';
export { tfjsNodeDevice } from './tfjs-node/tfjs-node-device.js';
export { wasmDevice } from './wasm/wasm-device.js';
export * from './tensorflow/index.js';

const threads = z
  .number()
  .int()
  .positive()
  .optional()
  .describe('Threads that share one operation; all cores by default.');

/** Devices on TensorFlow.js backends: `tfjs-node` (libtensorflow), `wasm` (npm alone), `cpu` (plain JavaScript). */
export default definePlugin({
  name: '@refold/plugin-device-tfjs',
  apiVersion: 1,
  installs: {
    tensorflow: {
      description: "libtensorflow from PyPI's CPU wheel, for the device tfjs-node",
      async install(report) {
        const { version, folder, present } = await installTensorflow({ onProgress: report });
        return `TensorFlow ${version} ${present ? 'was already' : 'is'} in ${folder}.`;
      },
    },
  },
  setup({ provide }) {
    provide(Device, {
      use: ['tfjs-node'],
      options: z.strictObject({ threads }),
      preference: 50,
      probe() {
        const { usable, version, found, reason } = probeLibtensorflow();
        if (!usable)
          return Promise.resolve({ usable, reason: reason ?? 'libtensorflow was not found' });
        return Promise.resolve({
          usable,
          library: `TensorFlow ${version ?? ''}`.trim(),
          reason: `libtensorflow found in ${found?.folder ?? 'the system'} (${found?.origin ?? 'system'})`,
        });
      },
      create: ({ options }) =>
        tfjsNodeDevice(options.threads === undefined ? {} : { threads: options.threads }),
    });
    provide(Device, {
      use: ['wasm'],
      preference: 20,
      probe: () =>
        Promise.resolve({
          usable: true,
          library: WASM_LIBRARY,
          reason: 'needs npm alone; one thread',
        }),
      create: () => wasmDevice(),
    });
    provide(Device, {
      use: ['cpu'],
      preference: 1,
      probe: () =>
        Promise.resolve({
          usable: true,
          library: CPU_LIBRARY,
          reason: 'plain JavaScript, slow: for tests; only when asked for',
        }),
      create: () => cpuDevice(),
    });
  },
});
