import type { Device } from '@refold/core';
import {
  filterGradientByConvolution,
  inputGradientByConvolution,
  tfjsDevice,
  type KernelSet,
} from '@refold/tfjs';
import { version_cpu } from '@tensorflow/tfjs-backend-cpu';
import { enableProdMode } from '@tensorflow/tfjs-core';

/** Library and version, for people. */
export const CPU_LIBRARY = `tfjs cpu ${version_cpu} (JavaScript)`;

/** The backend's gradient kernels address every element through a function; its forward kernel does not. */
const cpuKernels: Partial<KernelSet> = {
  convolutionInputGradient: inputGradientByConvolution,
  convolutionFilterGradient: filterGradientByConvolution,
};

/** Plain JavaScript loops: for tests and for comparison. */
export function cpuDevice(): Device {
  // Else the backend recommends tfjs-node on the console.
  enableProdMode();
  return tfjsDevice({
    name: 'cpu',
    library: CPU_LIBRARY,
    backend: 'cpu',
    threads: 1,
    kernels: cpuKernels,
  });
}
