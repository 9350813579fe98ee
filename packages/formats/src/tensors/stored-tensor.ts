import type { Dtype } from './dtype.js';

/** One tensor as files hold it: little-endian, row-major bytes. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Exactly the tensor's bytes. Often a view into a larger buffer that other tensors share. */
  readonly data: Uint8Array;
}
