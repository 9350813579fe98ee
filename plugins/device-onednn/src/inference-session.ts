import type { CompiledProgram, ImageBatch, InferenceSession, Logits } from '@refold/core';
import { closed } from './errors.js';
import type { LoweredGraph } from './lower/lower-graph.js';
import type { NativeSession } from './native/native-addon.js';
import { callNative } from './session/call-native.js';
import { inferInParts } from './session/infer-in-parts.js';

/** A network to be asked. Owns the compiled program. */
export class OnednnInferenceSession implements InferenceSession {
  readonly compiled: CompiledProgram;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly lowered: LoweredGraph,
    private readonly session: NativeSession,
    private readonly onClose: (session: OnednnInferenceSession) => void,
  ) {
    this.compiled = session.compiled;
  }

  async infer(batch: ImageBatch): Promise<Logits> {
    if (this.#closing) throw closed('session');
    return inferInParts(this.lowered, this.session, batch);
  }

  close(): Promise<void> {
    this.#closing ??= callNative(() => this.session.close());
    this.onClose(this);
    return this.#closing;
  }
}
