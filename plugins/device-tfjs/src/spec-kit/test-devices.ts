import type { Device } from '@refold/core';
import { cpuDevice } from '../cpu/cpu-device.js';
import { probeLibtensorflow } from '../tensorflow/index.js';
import { tfjsNodeDevice } from '../tfjs-node/tfjs-node-device.js';
import { wasmDevice } from '../wasm/wasm-device.js';

/** The devices that can be tested on this machine, by name. Two threads for TensorFlow, as in every spec. */
export function testDevices(): readonly (readonly [name: string, make: () => Promise<Device>])[] {
  const always = [
    ['cpu', () => Promise.resolve(cpuDevice())],
    ['wasm', () => Promise.resolve(wasmDevice())],
  ] as const;
  if (!probeLibtensorflow().usable) return always;
  return [...always, ['tfjs-node', () => tfjsNodeDevice({ threads: 2 })]];
}
