import { sizeOf } from '@refold/graph';
import { tensor, tidy, transpose, type Tensor } from '@tensorflow/tfjs-core';
import { batchMismatch, modelUnreadable } from '../errors.js';
import { onBackend, startBackend } from '../on-backend.js';
import { yieldToEventLoop } from '../yield-to-event-loop.js';
import { readGraphModel } from './read-graph-model.js';
import { startWasm } from './start-wasm.js';

/** Numbers in the graph's own layout: images NCHW, the batch first. */
export interface ProbeTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What goes into a network, and what must come out: as `evaluate` of `@refold/graph` takes and gives them. */
export interface TfjsProbe {
  readonly input: ProbeTensor;
  readonly output: ProbeTensor;
}

/** How far a written model is from the original, over all probes. */
export interface TfjsDifference {
  readonly maxAbsError: number;
  /** Largest over the probes of ‖expected − received‖₂ / ‖expected‖₂; NaN where a value is none. */
  readonly maxRelError: number;
}

/**
 * Loads a TensorFlow.js model folder with TensorFlow.js's own loader, runs it, and compares.
 *
 * @param options.backend a registered tfjs backend; default: wasm, which needs no registering
 * @throws RefoldError `RF-TFJS-MODEL`, `RF-DEVICE-BACKEND`, `RF-DEVICE-BATCH`
 */
export async function checkTfjsModel(
  folder: string,
  probes: readonly TfjsProbe[],
  options: { readonly backend?: string } = {},
): Promise<TfjsDifference> {
  const artifacts = await readGraphModel(folder);
  const { loadGraphModelSync } = await import('@tensorflow/tfjs-converter');
  const { backend = 'wasm' } = options;
  await (backend === 'wasm' ? startWasm() : startBackend(backend));
  const model = onBackend(backend, () => {
    try {
      return loadGraphModelSync({ load: () => artifacts });
    } catch (error) {
      throw modelUnreadable(folder, error);
    }
  });
  const differences: Difference[] = [];
  try {
    for (const { input, output } of probes) {
      const received = onBackend(backend, () =>
        tidy(() => toGraphLayout(model.predict(toDevice(input)) as Tensor)),
      );
      const data = await received.data();
      received.dispose();
      if (data.length !== output.data.length) {
        throw batchMismatch('its answer', `${output.data.length} numbers`, String(data.length));
      }
      differences.push(differenceOf(output.data, data));
      await yieldToEventLoop();
    }
  } finally {
    model.dispose();
  }
  return {
    maxAbsError: Math.max(0, ...differences.map(({ abs }) => abs)),
    maxRelError: Math.max(0, ...differences.map(({ rel }) => rel)),
  };
}

function toDevice({ shape, data }: ProbeTensor): Tensor {
  if (sizeOf(shape) !== data.length) {
    throw batchMismatch('a probe', `[${shape.join(', ')}]`, `${data.length} numbers`);
  }
  const x = tensor(Float32Array.from(data), [...shape]);
  return shape.length === 4 ? transpose(x, [0, 2, 3, 1]) : x;
}

function toGraphLayout(y: Tensor): Tensor {
  return y.rank === 4 ? transpose(y, [0, 3, 1, 2]) : y;
}

interface Difference {
  readonly abs: number;
  readonly rel: number;
}

function differenceOf(expected: ArrayLike<number>, received: ArrayLike<number>): Difference {
  let [abs, squares, norm] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(expected[i]! - received[i]!);
    // NaN wins, and stays.
    abs = Math.max(abs, d);
    squares += d * d;
    norm += expected[i]! * expected[i]!;
  }
  return { abs, rel: squares === 0 ? 0 : Math.sqrt(squares) / Math.sqrt(norm) };
}
