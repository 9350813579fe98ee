import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { InternalError } from '@refold/graph';
import { onnxRuntimeMissing, onnxRuntimeRefused } from '../errors.js';
import type { RuntimeAnswer, RuntimeRequest, RuntimeTensor } from './runtime-messages.js';

/** A model in ONNX Runtime. */
export interface OnnxRuntime {
  /** @returns outputs by name @throws RefoldError `RF-CLI-ONNXRUNTIME-REFUSED` for inputs that it does not take */
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Record<string, RuntimeTensor>>;
  /** Shapes of the outputs alone. */
  shapes(
    feeds: Readonly<Record<string, RuntimeTensor>>,
  ): Promise<Readonly<Record<string, { readonly shape: readonly number[] }>>>;
  /** Ends its thread. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a model in ONNX Runtime, in a thread of its own. The npm package `onnxruntime-node` is optional.
 *
 * @throws RefoldError `RF-CLI-ONNXRUNTIME-MISSING` where it is not installed, `RF-CLI-ONNXRUNTIME-REFUSED` where it does
 * not take the model
 */
export async function openOnnxRuntime(file: string): Promise<OnnxRuntime> {
  // The kind of a script that was given in words is not the kind of this file.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith('--input-type'));
  const url = new URL('./onnx-runtime-worker.js', import.meta.url);
  const worker = new Worker(url, { execArgv });
  const ask = async (request: RuntimeRequest): Promise<RuntimeAnswer> => {
    worker.postMessage(request);
    const [answer] = (await once(worker, 'message')) as [RuntimeAnswer];
    if (answer.kind !== 'failed') return answer;
    throw answer.missing ? onnxRuntimeMissing(file) : onnxRuntimeRefused(file, answer.message);
  };
  const run = async (feeds: Readonly<Record<string, RuntimeTensor>>, shapesOnly: boolean) => {
    const answer = await ask({ kind: 'run', feeds, shapesOnly });
    if (answer.kind !== 'ran') throw new InternalError('ONNX Runtime answered another question.');
    return answer.outputs;
  };
  try {
    await ask({ kind: 'open', file });
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    run: async (feeds) => (await run(feeds, false)) as Record<string, RuntimeTensor>,
    shapes: (feeds) => run(feeds, true),
    close: async () => {
      await worker.terminate();
    },
  };
}
