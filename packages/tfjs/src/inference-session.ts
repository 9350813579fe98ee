import type { ImageBatch, InferenceSession, InferenceUse, Logits } from '@refold/core';
import { InternalError, withoutLoss, type Graph } from '@refold/graph';
import { tensor } from '@tensorflow/tfjs-core';
import { closed } from './errors.js';
import type { KernelSet } from './kernels/kernel-set.js';
import { onBackend } from './on-backend.js';
import { batchValues } from './program/batch-values.js';
import { compileProgram, type Program } from './program/compile-program.js';
import { runForward, type RunEnvironment } from './program/run-forward.js';
import { WeightStore } from './weights/weight-store.js';
import { yieldToEventLoop } from './yield-to-event-loop.js';

/** A network to be asked, on one tfjs backend. Owns its weights on the device. */
export class TfjsInferenceSession implements InferenceSession {
  readonly #program: Program;
  readonly #weights: WeightStore;
  readonly #environment: RunEnvironment;
  #isOpen = true;

  constructor(
    graph: Graph,
    use: InferenceUse,
    private readonly backend: string,
    kernels: KernelSet,
    private readonly onClose: (session: TfjsInferenceSession) => void,
  ) {
    const body = withoutLoss(graph);
    this.#program = compileProgram(body, body.output);
    this.#weights = onBackend(backend, () => new WeightStore(body, use.weights));
    this.#environment = {
      kernels,
      tensor: (name) => this.#weights.get(name),
      random: (node) => {
        throw new InternalError(`'${node}' draws random numbers in inference.`);
      },
    };
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    if (!this.#isOpen) throw closed('session');
    return runInference(this.#program, batch, this.#environment, this.backend);
  }

  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#weights.dispose();
      this.onClose(this);
    }
    return Promise.resolve();
  }
}

/** Runs a program in inference mode on a batch of any size. */
export async function runInference(
  program: Program,
  batch: ImageBatch,
  environment: RunEnvironment,
  backend: string,
): Promise<Logits> {
  const { values, shape } = batchValues(program, batch, Infinity);
  const output = onBackend(backend, () => {
    const x = tensor(values, shape as number[]);
    return runForward(program, x, environment, false).output;
  });
  const data = Float32Array.from(await output.data());
  output.dispose();
  await yieldToEventLoop();
  return { images: batch.images, classes: program.outputSize, data };
}
