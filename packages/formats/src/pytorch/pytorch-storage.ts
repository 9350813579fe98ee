import type { ReadBytes } from '../tensors/read-strided.js';

/** The bytes of one storage, wherever the file has them. */
export interface PytorchStorage {
  /** Little-endian unless the file says otherwise. */
  readonly bytes: number;
  /**
   * A function that reads pieces, for one tensor: what has to be prepared is prepared once for all of them and kept until the
   * function is dropped. It may give views, and throws `RF-FILE-*`.
   */
  reader(): ReadBytes;
}
