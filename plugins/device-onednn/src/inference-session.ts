import type { CompiledProgram, ImageBatch, InferenceSession, Logits } from '@refold/core';
import { closed } from './errors.js';
import type { NativeSession } from './native/native-addon.js';
import type { LoweredGraph } from './lower/lower-graph.js';
import { nativeBatch } from './native-batch.js';
import { native } from './session-kit.js';

/** A network to be asked. Owns the compiled program. */
export class OnednnInferenceSession implements InferenceSession {
  readonly compiled: CompiledProgram;
  #isOpen = true;

  constructor(
    private readonly lowered: LoweredGraph,
    private readonly session: NativeSession,
    private readonly onClose: (session: OnednnInferenceSession) => void,
  ) {
    this.compiled = session.compiled;
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    if (!this.#isOpen) throw closed('session');
    return inferInParts(this.lowered, this.session, batch);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.onClose(this);
    await this.session.close();
  }
}

/** Logits of a batch of any size: as many images at a time as the program was compiled for. */
export async function inferInParts(
  lowered: LoweredGraph,
  session: NativeSession,
  batch: ImageBatch,
): Promise<Logits> {
  const { program } = lowered;
  const whole = nativeBatch(lowered, batch, Infinity);
  const classes = program.values[program.output]?.[0] ?? 0;
  const size = whole.data.length / batch.images;
  const data = new Float32Array(batch.images * classes);
  for (let first = 0; first < batch.images; first += program.batchSize) {
    const images = Math.min(program.batchSize, batch.images - first);
    const part = whole.data.subarray(first * size, (first + images) * size);
    const logits = await native(() => session.infer({ ...whole, images, data: part }));
    data.set(logits, first * classes);
  }
  return { images: batch.images, classes, data };
}
