import type { Dtype } from './dtype.js';

/** One tensor of a safetensors file: little-endian, row-major bytes. */
export interface Safetensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Exactly the tensor's bytes. After reading: a view into the file's one buffer, shared with the other tensors. */
  readonly data: Uint8Array;
}

/** Content of a safetensors file. */
export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, Safetensor>;
  /** The header's `__metadata__`; empty where absent. */
  readonly metadata: Readonly<Record<string, string>>;
}
