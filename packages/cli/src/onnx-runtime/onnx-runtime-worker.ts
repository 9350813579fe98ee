import { parentPort } from 'node:worker_threads';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { RuntimeAnswer, RuntimeRequest, RuntimeTensor } from './runtime-messages.js';

/**
 * The thread that ONNX Runtime runs in: opening a model and running it block the thread they are called from. It answers
 * every request once, in order.
 */
let session: InferenceSession | undefined;

parentPort!.on('message', (request: RuntimeRequest) => {
  void answer(request).then(
    (result) => parentPort!.postMessage(result),
    (error: unknown) => {
      const { code } = error as { code?: string };
      const missing = code === 'ERR_MODULE_NOT_FOUND';
      const message = error instanceof Error ? error.message : String(error);
      parentPort!.postMessage({ kind: 'failed', missing, message } satisfies RuntimeAnswer);
    },
  );
});

async function answer(request: RuntimeRequest): Promise<RuntimeAnswer> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  if (request.kind === 'open') {
    // 3: errors alone. What it says of a model that it changes is for its authors.
    session = await InferenceSession.create(request.file, { logSeverityLevel: 3 });
    return { kind: 'opened' };
  }
  const feeds: Record<string, Tensor> = {};
  for (const [name, { type, shape, data }] of Object.entries(request.feeds)) {
    feeds[name] = new Tensor(type, typed(type, data), shape);
  }
  const outputs = await session!.run(feeds);
  const tensors: Record<string, RuntimeTensor | { readonly shape: readonly number[] }> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    const shape = tensor.dims;
    tensors[name] = request.shapesOnly
      ? { shape }
      : { type: tensor.type as RuntimeTensor['type'], shape, data: numbers(tensor) };
  }
  return { kind: 'ran', outputs: tensors };
}

function typed(type: RuntimeTensor['type'], data: RuntimeTensor['data']) {
  switch (type) {
    case 'uint8':
      return Uint8Array.from(data);
    case 'int32':
      return Int32Array.from(data);
    case 'int64':
      return BigInt64Array.from(data, BigInt);
    case 'bool':
      return Uint8Array.from(data);
    case 'float64':
      return Float64Array.from(data);
    case 'float32':
      return Float32Array.from(data);
  }
}

/** Any numbers as numbers; text as nothing. */
function numbers({ data, type }: Tensor): Float32Array | Float64Array {
  if (data instanceof Float32Array) return data;
  if (type === 'string') return new Float64Array(0);
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}
