import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { env, ready, setBackend } from '@tensorflow/tfjs-core';

const NAMES: Readonly<Record<string, string>> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WebAssembly',
};

/**
 * Starts the fastest backend of TensorFlow.js that works here: graphics by WebGPU, else by WebGL, else WebAssembly.
 *
 * @param wanted only this one (`?backend=wasm`)
 * @returns its name, for people
 */
export async function startBackend(wanted: string | null): Promise<string> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  });
  const order = wanted === null ? Object.keys(NAMES) : [wanted];
  for (const name of order) {
    if (await starts(name)) return NAMES[name] ?? name;
  }
  throw new Error(`None of ${order.join(', ')} works in this browser.`);
}

async function starts(name: string): Promise<boolean> {
  try {
    if (name === 'webgpu' && !('gpu' in navigator)) return false;
    if (!(await setBackend(name))) return false;
    await ready();
    // Sixteen-bit graphics would give other probabilities than the network has.
    return name !== 'webgl' || env().getBool('WEBGL_RENDER_FLOAT32_ENABLED');
  } catch {
    return false;
  }
}
