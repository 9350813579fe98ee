import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { tensorflowAlreadyRunning, tensorflowNotFound } from './errors.js';
import { findLibtensorflow } from './find-libtensorflow.js';
import { loadTensorflow } from './load-tensorflow.js';
import { bindingAttributes, type OpAttributes } from './op-attributes.js';
import { describeSearch } from './probe-libtensorflow.js';
import { restoreNodeUtil } from './restore-node-util.js';
import { TensorflowBinding } from './tensorflow-binding.js';

/** Name under which tfjs-core knows the backend; tfjs-node's kernels are registered for it. */
export const TENSORFLOW_BACKEND = 'tensorflow';

/** Above the cpu and wasm backends, as tfjs-node sets it. */
const PRIORITY = 3;

export interface TensorflowBackendOptions {
  /** Threads that share one op; all cores by default. The first backend of a process decides. */
  readonly threads?: number;
  /** The library to load; found by `findLibtensorflow` by default. */
  readonly libraryPath?: string;
}

/** A tfjs backend on libtensorflow, and what tfjs has no words for. */
export interface TensorflowBackend {
  readonly backend: tf.KernelBackend;
  /** `TF_Version()`, e.g. `2.21.0`. */
  readonly version: string;
  readonly libraryPath: string;
  readonly threads: number;
  /**
   * Runs any TensorFlow op by name on tensors of this backend. The result tensors belong to the
   * surrounding `tf.tidy`, or to the caller. Gradients are not recorded. The active backend of
   * tfjs-core must be this one (`tf.setBackend('tensorflow')`).
   *
   * @throws RefoldError `RF-TENSORFLOW-OP` with TensorFlow's message.
   */
  execute(
    opName: string,
    attributes: OpAttributes,
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
  /**
   * A float32 tensor of bytes (0 … 255, no scaling): copies `bytes` once and converts them inside
   * TensorFlow, a quarter of the traffic of a Float32Array. Ownership as in `execute`.
   */
  fromBytes(bytes: Uint8Array, shape: readonly number[]): tf.Tensor;
  /** Tensors that TensorFlow holds for tfjs at this moment; for leak checks. */
  liveTensors(): number;
}

/**
 * Runs tfjs-node's backend on a libtensorflow found on this machine, without tfjs-node's native
 * addon: registers tfjs-node's kernels and the backend `tensorflow` with tfjs-core, and leaves the
 * choice of the active backend (`tf.setBackend`) to the caller. A second call with the same
 * settings returns the same backend.
 *
 * @throws RefoldError `RF-TENSORFLOW-NOT-FOUND`, `RF-TENSORFLOW-NOT-LOADABLE`,
 *   `RF-TENSORFLOW-ALREADY-RUNNING` (other settings, or tfjs-node's own addon, came first).
 */
export async function createTensorflowBackend(
  options: TensorflowBackendOptions = {},
): Promise<TensorflowBackend> {
  const threads = options.threads ?? availableParallelism();
  const libraryPath = options.libraryPath ?? foundLibrary();
  const registered = tf.findBackend(TENSORFLOW_BACKEND) as NodeJSKernelBackend | null;
  if (registered) return describe(registered, reusable(registered, threads, libraryPath));

  restoreNodeUtil();
  const require = createRequire(import.meta.url);
  const { NodeJSKernelBackend: Backend } =
    require('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js') as {
      NodeJSKernelBackend: typeof NodeJSKernelBackend;
    };
  require('@tensorflow/tfjs-node/dist/register_all_kernels.js');
  const binding = new TensorflowBinding(loadTensorflow(libraryPath), threads);
  const backend = new Backend(binding, '@tensorflow/tfjs-node');
  tf.registerBackend(TENSORFLOW_BACKEND, () => backend, PRIORITY);
  // Kernels ask tfjs-core for the backend by its name: it must be initialised before the first one.
  tf.findBackend(TENSORFLOW_BACKEND);
  return describe(backend, binding);
}

function foundLibrary(): string {
  const search = findLibtensorflow();
  if (!search.found) throw tensorflowNotFound(describeSearch(search));
  return search.found.libraryPath;
}

function reusable(
  registered: NodeJSKernelBackend,
  threads: number,
  libraryPath: string,
): TensorflowBinding {
  const { binding } = registered;
  const wanted = `${libraryPath} on ${threads} threads`;
  if (!(binding instanceof TensorflowBinding)) {
    throw tensorflowAlreadyRunning(wanted, "tfjs-node's own addon");
  }
  if (binding.threads !== threads || binding.libraryPath !== libraryPath) {
    const present = `${binding.libraryPath} on ${binding.threads} threads`;
    throw tensorflowAlreadyRunning(wanted, present);
  }
  return binding;
}

function describe(backend: NodeJSKernelBackend, binding: TensorflowBinding): TensorflowBackend {
  const asTensors = (tensors: unknown) => tensors as tf.Tensor[];
  return {
    backend: backend,
    version: binding.TF_Version,
    libraryPath: binding.libraryPath,
    threads: binding.threads,
    execute: (opName, attributes, inputs, outputs) =>
      asTensors(
        backend.executeMultipleOutputs(opName, bindingAttributes(attributes), [...inputs], outputs),
      ),
    fromBytes(bytes, shape) {
      const id = binding.createTensor([...shape], binding.TF_UINT8, bytes);
      try {
        const types = bindingAttributes({ SrcT: { type: 'uint8' }, DstT: { type: 'float32' } });
        const [metadata] = binding.executeOp('Cast', types, [id], 1);
        return (
          backend as unknown as { createOutputTensor(of: typeof metadata): tf.Tensor }
        ).createOutputTensor(metadata);
      } finally {
        binding.deleteTensor(id);
      }
    },
    liveTensors: () => binding.getNumOfTensors(),
  };
}
