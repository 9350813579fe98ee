import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { startBackend } from '../on-backend.js';

/** Starts tfjs's wasm backend from the files that npm installed. Where a device has started it already, that one is used. */
export async function startWasm(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@tensorflow/tfjs-backend-wasm/package.json');
  try {
    setWasmPaths(join(dirname(manifest), 'dist') + sep);
  } catch {
    // It runs already, from the paths that it was given then.
  }
  await startBackend('wasm');
}
