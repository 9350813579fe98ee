import type { Device } from '@refold/core';
import { tfjsDevice } from '@refold/tfjs';
import { createTensorflowBackend, TENSORFLOW_BACKEND } from '../tensorflow/index.js';
import { tensorflowKernels } from './tensorflow-kernels.js';

/**
 * TensorFlow on this machine's processor, by tfjs-node's backend on whatever libtensorflow is found.
 *
 * @param threads that share one op; all cores by default. One process has one TensorFlow, so the first device decides.
 * @throws RefoldError `RF-TENSORFLOW-NOT-FOUND`, `RF-TENSORFLOW-NOT-LOADABLE`, `RF-TENSORFLOW-ALREADY-RUNNING`
 */
export async function tfjsNodeDevice({ threads }: { threads?: number } = {}): Promise<Device> {
  const tensorflow = await createTensorflowBackend(threads === undefined ? {} : { threads });
  return tfjsDevice({
    name: 'tfjs-node',
    library: `TensorFlow ${tensorflow.version}`,
    backend: TENSORFLOW_BACKEND,
    threads: tensorflow.threads,
    kernels: tensorflowKernels(tensorflow.execute),
  });
}
