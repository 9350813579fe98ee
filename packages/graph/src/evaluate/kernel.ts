import type { OpAttrs, OpName } from '../op-attrs.js';
import type { SampleShape } from '../tensor.js';

/** A batch of values `[N, …sample]`, row-major, NCHW. */
export interface Float64Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** What a kernel works on. */
export interface KernelCall<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly Float64Tensor[];
  /** Samples in the batch. */
  readonly batch: number;
  /** Per-sample shape of the result. */
  readonly shape: SampleShape;
  /** Values of the node's tensor `weight`, `bias`, …; not to be changed. */
  weight(suffix: string): Float32Array | Float64Array;
}

/** Computes one op in float64, `[batch, …shape]`. May give an input's own data back when it changes nothing. */
export type Kernel<K extends OpName> = (call: KernelCall<K>) => Float64Array;
