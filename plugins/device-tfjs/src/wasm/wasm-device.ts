import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { Device } from '@refold/core';
import { tfjsDevice } from '@refold/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { wasmKernels } from './wasm-kernels.js';

/** Library and version, for people. */
export const WASM_LIBRARY = `tfjs wasm ${version_wasm} (XNNPACK, SIMD)`;

/** The device that needs npm alone: XNNPACK in WebAssembly, on one thread (Node gives wasm no others). */
export function wasmDevice(): Device {
  setWasmPaths(wasmFolder());
  return tfjsDevice({
    name: 'wasm',
    library: WASM_LIBRARY,
    backend: 'wasm',
    threads: 1,
    kernels: wasmKernels,
  });
}

/** Where the package keeps its .wasm files, so that nothing is fetched; with a separator at its end. */
function wasmFolder(): string {
  const require = createRequire(import.meta.url);
  const packageFolder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  return join(packageFolder, 'dist') + sep;
}
