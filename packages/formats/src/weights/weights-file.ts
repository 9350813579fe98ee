import type { TensorSource } from '../tensors/tensor-source.js';

/** Kinds of files that hold weights. */
export type WeightsFormat = 'safetensors' | 'pytorch' | 'mindspore' | 'onnx' | 'numpy';

/** A file of weights that is open. */
export interface WeightsFile {
  readonly format: WeightsFormat;
  /**
   * In the file's order, under the file's names. Where tensors lie in nested objects (the state dict and the optimizer of a
   * training checkpoint), their path, joined by dots: `state_dict.module.stem.conv.weight`.
   */
  readonly tensors: ReadonlyMap<string, TensorSource>;
  /** What else the file says, as text: metadata, scalars such as the epoch. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What was odd about the file and how it was taken, one sentence each. */
  readonly notes: readonly string[];
  /** Closes the file; sources must not be read after it. Idempotent. */
  close(): Promise<void>;
}
