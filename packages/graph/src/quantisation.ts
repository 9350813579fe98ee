/** How a value is stored in eight bits: `real = scale · (stored − zeroPoint)`. */
export interface ValueQuantisation {
  readonly dtype: 'uint8' | 'int8';
  /** Positive, finite, a float32 number. */
  readonly scale: number;
  /** Within the range of the dtype. */
  readonly zeroPoint: number;
}

/**
 * A network in eight bits, as data beside its graph and its float32 weights: what is not named stays float32. Devices and
 * writers derive the stored weights from it, all the same way (`storedWeight`, `storedBias`):
 * `clamp(round half to even(w / scale), −127, 127)`; a bias is int32 at the product of its input's and its weight's scale.
 *
 * A conv2d or linear whose input is a named value and whose weight is named computes in integers.
 */
export interface Quantisation {
  /** By node name: the node's value. */
  readonly values: Readonly<Record<string, ValueQuantisation>>;
  /** By tensor name (`stem.conv.weight`): one scale per output channel, symmetric int8. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
}
