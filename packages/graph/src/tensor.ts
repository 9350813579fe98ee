/**
 * Shape of one sample, without the batch dimension: `[C, H, W]` for images, `[F]` for vectors,
 * `[]` for a scalar such as the loss.
 */
export type SampleShape = readonly number[];

/**
 * A float32 tensor in host memory, row-major, in PyTorch's layout (OIHW kernels, `[out, in]` linear weights).
 * Whoever receives one owns it unless a docstring says otherwise.
 */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Tensors by full name (`stages.0.1.conv_kxk.conv.weight`). */
export type NamedTensors = ReadonlyMap<string, HostTensor>;

/** How a tensor gets its first values. */
export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with the given standard deviation; the mean is 0 where not given. */
  | { readonly kind: 'normal'; readonly mean?: number; readonly std: number }
  /** An OIHW kernel of ones in its centre, from each input channel of a group to the output of the same place. */
  | { readonly kind: 'identity'; readonly groups: number };

/** One tensor that a node owns. */
export interface TensorSpec {
  /** Full name: node name, dot, suffix (`weight`, `bias`, `running_mean`, `running_var`). */
  readonly name: string;
  readonly shape: readonly number[];
  /** `parameter`: trained; `buffer`: kept beside (BN running statistics). */
  readonly kind: 'parameter' | 'buffer';
  readonly init: Initialiser;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
