/**
 * Attributes of every op of graph version 1 (DESIGN §4). Shapes are per sample (no batch dimension).
 * Pairs are `[vertical, horizontal]`; padding is explicit zeros, the same before and after on each axis.
 */
export type Pair = readonly [number, number];

export interface InputAttrs {
  /** `[C, H, W]` (or `[F]`). */
  readonly shape: readonly number[];
  /** `uint8`: RGB bytes 0–255, to be followed by `normalize`; `float32`: already normalised. */
  readonly dtype: 'uint8' | 'float32';
}
/** `(x / 255 − mean[c]) / std[c]`. */
export interface NormalizeAttrs {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
/** Parameters `weight` `[out, in / groups, kh, kw]` and, with `bias`, `bias` `[out]`. */
export interface Conv2dAttrs {
  readonly outChannels: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: boolean;
  /** First values of `weight`: the kernel that changes nothing. Absent: He normal by fan-out. */
  readonly init?: 'identity';
}
/** Parameters `weight`, `bias`; buffers `running_mean`, `running_var` (unbiased), each `[C]`. Of images or vectors `[C]`. */
export interface BatchNormAttrs {
  readonly eps: number;
  /** Share of the new value in the running statistics, as PyTorch means it. */
  readonly momentum: number;
  /** First values of `weight` and `bias`, drawn from normal distributions. Absent: 1 and 0. */
  readonly init?: { readonly weight: NormalInit; readonly bias: NormalInit };
}
export interface NormalInit {
  readonly mean: number;
  readonly std: number;
}
/** Constant factors, one for each input. */
export interface WeightedSumAttrs {
  readonly factors: readonly number[];
}
/** Parameter `weight` `[C]`: multiplies channels (layer scale). */
export interface ScaleAttrs {
  readonly init: number;
}
export interface PoolAttrs {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}
export interface AvgPoolAttrs extends PoolAttrs {
  /** Whether padded zeros count in the average (PyTorch's `count_include_pad`). */
  readonly countIncludePad: boolean;
}
/** Parameters `weight` `[out, in]` and, with `bias`, `bias` `[out]`. */
export interface LinearAttrs {
  readonly outFeatures: number;
  readonly bias: boolean;
}
export interface DropAttrs {
  /** Probability of zeroing (dropout: an element; drop_path: a sample's whole branch). */
  readonly rate: number;
}
/** Mean over the batch of −Σ target · log softmax(logits). */
export interface SoftmaxCrossEntropyAttrs {
  readonly labelSmoothing: number;
  /** `index`: Int32 labels `[N]`; `soft`: Float32 rows `[N, K]`. */
  readonly targets: 'index' | 'soft';
}
export type NoAttrs = Readonly<Record<string, never>>;

/** Attribute type of each op, by the op's name. */
export interface OpAttrs {
  input: InputAttrs;
  normalize: NormalizeAttrs;
  conv2d: Conv2dAttrs;
  batch_norm: BatchNormAttrs;
  /** Sum of two or more inputs of equal shape. */
  add: NoAttrs;
  /** Σ factor · input, inputs of equal shape: differences and means (ADR 10). */
  weighted_sum: WeightedSumAttrs;
  /** Product of two inputs; the second may be `[C, 1, 1]` against `[C, H, W]` (squeeze-excite). */
  mul: NoAttrs;
  /** Along channels. */
  concat: NoAttrs;
  scale: ScaleAttrs;
  relu: NoAttrs;
  relu6: NoAttrs;
  silu: NoAttrs;
  /** Exact, by erf. */
  gelu: NoAttrs;
  sigmoid: NoAttrs;
  hard_sigmoid: NoAttrs;
  hard_swish: NoAttrs;
  avg_pool: AvgPoolAttrs;
  max_pool: PoolAttrs;
  /** `[C, H, W]` → `[C, 1, 1]`. */
  global_avg_pool: NoAttrs;
  /** `[C, H, W]` → `[C·H·W]`, in NCHW order. */
  flatten: NoAttrs;
  linear: LinearAttrs;
  dropout: DropAttrs;
  drop_path: DropAttrs;
  softmax_cross_entropy: SoftmaxCrossEntropyAttrs;
}
export type OpName = keyof OpAttrs;
