import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { HostTensor } from '@refold/graph';

/** In a thread of its own, because jest has typed arrays of its own that ONNX Runtime does not take for typed arrays. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { InferenceSession, Tensor } = require(workerData.library);
parentPort.on('message', async ({ file, type, shape, data, options }) => {
  try {
    const session = await InferenceSession.create(file, { logSeverityLevel: 3, ...options });
    const array = type === 'uint8' ? Uint8Array.from(data) : Float32Array.from(data);
    const input = new Tensor(type, array, shape);
    const outputs = await session.run({ [session.inputNames[0]]: input });
    const output = outputs[session.outputNames[0]];
    await session.release();
    parentPort.postMessage({ shape: output.dims, data: output.data });
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});
`;

const library = createRequire(import.meta.url).resolve('onnxruntime-node');
let worker: Worker | undefined;

/** Runs a file with one input in ONNX Runtime. @returns its first output */
export async function runInOnnxRuntime(
  file: string,
  batch: HostTensor,
  type: 'float32' | 'uint8' = 'float32',
  options: object = {},
): Promise<HostTensor> {
  worker ??= new Worker(SCRIPT, { eval: true, workerData: { library } });
  worker.postMessage({ file, type, ...batch, options });
  const [answer] = (await once(worker, 'message')) as [HostTensor | { error: string }];
  if ('error' in answer) throw new Error(answer.error);
  return answer;
}

/** Ends the thread; call it when a spec is done. */
export async function endOnnxRuntime(): Promise<void> {
  await worker?.terminate();
  worker = undefined;
}

/** ‖a − b‖₂ / ‖a‖₂ */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [squares, norm] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    squares += (a[i]! - b[i]!) ** 2;
    norm += a[i]! ** 2;
  }
  return a.length === b.length ? Math.sqrt(squares / norm) : NaN;
}
